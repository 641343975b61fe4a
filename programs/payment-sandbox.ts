import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startSandbox } from '../write-side/payments/sandbox.ts';
import { createLog } from './wiring/log.ts';
import { readSettings } from './wiring/settings.ts';
import { main, onShutdown } from './wiring/shutdown.ts';

/** `npm run payment-sandbox`: a payment provider that takes no money, as a separate process. */
await main(async () => {
  const settings = readSettings();
  const log = createLog(settings.LOG_LEVEL, 'payment-sandbox');
  const folder = resolve(settings.PLAZA_DATA);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const sandbox = await startSandbox({
    host: settings.HOST,
    port: settings.PAYMENT_SANDBOX_PORT,
    file: join(folder, 'payments.sqlite'),
  });
  onShutdown(() => sandbox.stop());
  log.info(`payment sandbox listens on ${sandbox.url}`);
});
