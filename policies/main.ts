import { connectEventStore, disconnectEventStore } from '../event-store/client.ts';
import { streams } from '../event-store/streams.ts';
import { createLog } from '../start/log.ts';
import { createMongoClient } from '../start/mongo.ts';
import { readSettings, requireSettings } from '../start/settings.ts';
import { main, onShutdown } from '../start/shutdown.ts';
import { writeSideContexts } from '../write-side/contexts.ts';
import { commandHandler } from '../write-side/kernel/command-handler.ts';
import { policiesOf } from './contexts.ts';
import { startPolicies } from './start.ts';

/** `npm run policies`: whenever event, then command, as a process of its own. */
await main(async () => {
  const settings = readSettings();
  const { EVENTSTORE_URL, MONGODB_URL } = requireSettings(settings, 'EVENTSTORE_URL', 'MONGODB_URL');
  const log = createLog(settings.LOG_LEVEL, 'policies');
  const client = connectEventStore(EVENTSTORE_URL);
  const mongo = createMongoClient(MONGODB_URL);
  const contexts = writeSideContexts.filter(({ schema }) => settings.PLAZA_CONTEXTS.includes(schema.name));
  const policies = startPolicies({
    client,
    db: mongo.db(settings.MONGODB_DATABASE),
    policies: contexts.flatMap(({ schema }) => policiesOf[schema.name] ?? []),
    handler: commandHandler({ store: streams(client), contexts, onError: (error) => log.error(error) }),
    log: (line) => log.info(line),
  });
  onShutdown(async () => {
    await policies.stop();
    await Promise.all([disconnectEventStore(client), mongo.close()]);
  });
  log.info('policies run');
});
