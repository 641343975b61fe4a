import { resolve } from 'node:path';
import { backUp } from './transfer/backup.ts';
import { argumentsOf } from './wiring/commands.ts';
import { operate } from './wiring/operate.ts';
import { storesOn } from './wiring/running.ts';
import { SettingsError } from './wiring/settings.ts';
import { main } from './wiring/shutdown.ts';

/**
 * `npm run backup -- FOLDER`: copies the embedded stores into an empty folder, while Plaza runs. The copy is a data
 * folder: `PLAZA_DATA=FOLDER npm start` opens it.
 */
const [folder = ''] = argumentsOf('backup').positionals.map((path) => resolve(path));

await main(async () => {
  await operate(async ({ settings }) => {
    const stores = storesOn(settings.PLAZA_DATA);
    if (!stores || settings.EVENTSTORE_URL !== '' || settings.MONGODB_URL !== '')
      throw new SettingsError('npm run backup copies embedded stores: use the backups of EventStoreDB and MongoDB');
    console.log(`${(await backUp(stores, folder)).join(' and ')} are in ${folder}`);
  });
});
