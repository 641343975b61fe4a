import type { Telemetry } from '../../platform/telemetry/telemetry.ts';
import type { WriteSideContext } from '../../write-side/context.ts';
import type { Payments } from '../../write-side/payments/payments.ts';
import type { Erasing, ProcessServices, SharedServices } from '../../write-side/services.ts';
import { messagingContexts } from '../contexts.ts';
import type { Settings } from './settings.ts';

/** Returns the payment provider of a process, with the health check and the metric of its circuit. */
const openPayments = async (settings: Settings) => {
  const { choosesSandbox, paymentsOf, standInForPayments } = await import('../../write-side/payments/provider.ts');
  const { paymentMetrics } = await import('../../write-side/payments/metrics.ts');
  choosesSandbox(settings);
  let reached = settings;
  let connected: Payments | undefined;
  const payments = () => {
    connected ??= paymentsOf(reached);
    return connected;
  };
  return {
    payments,
    async standIn(dataFolder: string): Promise<() => Promise<void>> {
      const started = await standInForPayments(settings, dataFolder);
      reached = { ...settings, ...started.settings };
      return started.stop;
    },
    observe({ registry }: Pick<Telemetry, 'registry'>) {
      paymentMetrics(registry, payments().circuit);
      // Without the provider everything but payments works.
      return { payments: async () => ({ ok: true, detail: `circuit ${payments().circuit()}` }) };
    },
  };
};

/**
 * Opens the contexts' external services, and those that contexts share once for the process.
 * @throws SettingsError when a required service is not set
 */
export const openServices = async (contexts: readonly WriteSideContext[], settings: Settings) => {
  const all = (await Promise.all(contexts.map(({ services }) => services?.()))).filter((one) => one !== undefined);
  const provider = all.some(({ takesPayments }) => takesPayments) ? await openPayments(settings) : undefined;
  const shared: Pick<SharedServices, 'payments'> = {
    payments() {
      if (!provider) throw new Error('No enabled context declares that it takes payments');
      return provider.payments();
    },
  };
  let stop = async () => {};
  return {
    /** Starts stand-ins for services that are not set, in a process that runs every side. */
    async standIn(dataFolder: string): Promise<void> {
      if (provider) stop = await provider.standIn(dataFolder);
    },
    commands: (telemetry: Telemetry, erasing: Erasing | undefined) => ({
      steps: Object.assign(
        {},
        ...contexts.map((context) => context.steps),
        ...all.map(({ commands }) => commands?.(settings, { ...shared, erasing })),
      ),
      checks: provider?.observe(telemetry) ?? {},
    }),
    processes(store: ProcessServices['store'], erasing: Erasing | undefined) {
      const opened = all.map(({ processes }) =>
        processes(settings, { ...shared, erasing, store, messaging: messagingContexts }),
      );
      return {
        managers: opened.flatMap(({ managers }) => managers),
        close: () => {
          for (const { close } of opened) close?.();
        },
      };
    },
    stop: () => stop(),
  };
};
