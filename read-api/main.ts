import { createApp } from '../http/app.ts';
import { healthRoutes } from '../http/health.ts';
import packageJson from '../package.json' with { type: 'json' };
import { createLog } from '../start/log.ts';
import { createMongoClient } from '../start/mongo.ts';
import { serve } from '../start/serve.ts';
import { readSettings, requireSettings } from '../start/settings.ts';
import { main, onShutdown } from '../start/shutdown.ts';
import { readContexts } from './contexts.ts';
import { startReadApi } from './start.ts';

/** `npm run read-api`: queries over HTTP, as a process of its own. */
await main(async () => {
  const settings = readSettings();
  const { MONGODB_URL } = requireSettings(settings, 'MONGODB_URL');
  const log = createLog(settings.LOG_LEVEL, 'read-api');
  const serving = await serve(settings.HOST, settings.READ_API_PORT);
  const mongo = createMongoClient(MONGODB_URL);
  const contexts = readContexts.filter(({ schema }) => settings.PLAZA_CONTEXTS.includes(schema.name));
  const onError = (error: unknown) => log.error(error);
  const { version } = packageJson;
  const readApi = startReadApi({ db: mongo.db(settings.MONGODB_DATABASE), contexts, version, onError });
  let stopping = false;
  const health = healthRoutes({ checks: readApi.checks, stopping: () => stopping });
  serving.handle(
    createApp(
      [health, ...readApi.routers],
      contexts.map(({ schema }) => schema),
      onError,
    ),
  );
  onShutdown(async () => {
    stopping = true;
    readApi.stop();
    await serving.close();
    await mongo.close();
  });
  log.info(`read API listens on ${serving.url}`);
});
