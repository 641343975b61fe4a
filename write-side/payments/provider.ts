import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connectPayments } from './client.ts';
import type { Payments } from './payments.ts';

/** The settings of the payment provider. */
export type PaymentSettings = {
  AUTH: 'on' | 'off';
  PAYMENT_URL: string;
  PAYMENT_SANDBOX_URL: string;
  PAYMENT_SANDBOX_PORT: number;
  PAYMENT_TIMEOUT_MS: number;
};

/** Its name has the program print the message as one line. */
class PaymentSettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Returns whether the settings choose the payment sandbox. With sign-in they must do so by its name: a public Plaza
 * never gives anything away because a setting was forgotten.
 * @throws Error with the name SettingsError when they choose no provider
 */
export const choosesSandbox = ({ AUTH, PAYMENT_URL }: Pick<PaymentSettings, 'AUTH' | 'PAYMENT_URL'>): boolean => {
  if (PAYMENT_URL === '' && AUTH === 'on')
    throw new PaymentSettingsError(
      'PAYMENT_URL must be set with AUTH=on: the URL of a payment provider, or sandbox to take payments without money',
    );
  return PAYMENT_URL === '' || PAYMENT_URL === 'sandbox';
};

/** Connects the payment provider that the settings choose. A process connects once, so that it has one circuit. */
export const paymentsOf = (settings: PaymentSettings): Payments => {
  const sandbox = settings.PAYMENT_SANDBOX_URL || `http://127.0.0.1:${settings.PAYMENT_SANDBOX_PORT}`;
  return connectPayments({
    url: choosesSandbox(settings) ? sandbox : settings.PAYMENT_URL,
    timeoutMs: settings.PAYMENT_TIMEOUT_MS,
  });
};

/**
 * Starts the payment sandbox where the settings choose it, in a process that runs every side.
 * @returns the settings that lead to it
 */
export const standInForPayments = async (settings: PaymentSettings, dataFolder: string) => {
  if (!choosesSandbox(settings)) return { settings: {}, stop: async () => {} };
  const { startSandbox } = await import('./sandbox.ts');
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const sandbox = await startSandbox({ file: join(dataFolder, 'payments.sqlite') });
  return { settings: { PAYMENT_URL: sandbox.url }, stop: sandbox.stop };
};
