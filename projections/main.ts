import { connectEventStore, disconnectEventStore } from '../event-store/client.ts';
import { createLog } from '../start/log.ts';
import { createMongoClient } from '../start/mongo.ts';
import { readSettings, requireSettings } from '../start/settings.ts';
import { main, onShutdown } from '../start/shutdown.ts';
import { projectionsIn } from './contexts.ts';
import { startProjections } from './start.ts';

/** `npm run projections`: events, then read models, as a process of its own. */
await main(async () => {
  const settings = readSettings();
  const { EVENTSTORE_URL, MONGODB_URL } = requireSettings(settings, 'EVENTSTORE_URL', 'MONGODB_URL');
  const log = createLog(settings.LOG_LEVEL, 'projections');
  const client = connectEventStore(EVENTSTORE_URL);
  const mongo = createMongoClient(MONGODB_URL);
  const projections = startProjections({
    client,
    db: mongo.db(settings.MONGODB_DATABASE),
    projections: projectionsIn(settings.PLAZA_CONTEXTS),
    log: (line) => log.info(line),
  });
  onShutdown(async () => {
    await projections.stop();
    await Promise.all([disconnectEventStore(client), mongo.close()]);
  });
  log.info('projections run');
});
