import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startSandbox } from '../../write-side/payments/sandbox.ts';
import type { Host, Opened } from '../wiring/open-program.ts';

/** Opens a payment provider that takes no money. */
export const openPaymentSandbox = async ({ settings }: Host): Promise<Opened> => {
  const folder = resolve(settings.PLAZA_DATA);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { url, stop } = await startSandbox({
    host: settings.HOST,
    port: settings.PAYMENT_SANDBOX_PORT,
    file: join(folder, 'payments.sqlite'),
  });
  return { url, ready: `payment sandbox listens on ${url}`, drains: 0, close: stop };
};
