import type { Streams } from '../../platform/event-store/streams.ts';
import type { Check } from '../../platform/http/health.ts';
import { machine } from '../../platform/machine/machine.ts';
import { messageOf } from '../../platform/subscriptions/transient.ts';
import type { LogLine } from '../../platform/subscriptions/trouble.ts';

/** The stream of the probes. No consumer sees it: like those of the snapshots, it is no stream of Plaza's events. */
const PROBES = 'snapshot-probe';

const PROBE = { type: 'Probe', data: new Uint8Array(), metadata: {} };

/**
 * Watches whether the event store takes events: a full disk refuses them, and still serves reads.
 * @returns the store, whose appends are watched, and a check for `/readyz`. After an append that failed, the check
 *   appends a probe itself: a write side that is not ready gets no commands that could show that it is over.
 */
export const watchedAppends = (store: Streams, log: LogLine): { store: Streams; check(): Promise<Check> } => {
  let failedSince: number | undefined;
  const taken = (): void => {
    if (failedSince === undefined) return;
    const seconds = ((machine.elapsed() - failedSince) / 1000).toFixed(1);
    failedSince = undefined;
    log(`the event store takes events again, after ${seconds} s`, 'warn');
  };
  const refused = (error: unknown): void => {
    if (failedSince !== undefined) return;
    failedSince = machine.elapsed();
    log(`the event store takes no events, commands get 503: ${messageOf(error)}`, 'error');
  };
  return {
    store: {
      ...store,
      append(stream, events, expected) {
        const appended = store.append(stream, events, expected);
        appended.then(taken, refused);
        return appended;
      },
    },
    async check() {
      if (failedSince === undefined) return { ok: true };
      try {
        await store.put(PROBES, PROBE);
      } catch (error) {
        return { ok: false, detail: `takes no events: ${messageOf(error)}` };
      }
      taken();
      return { ok: true };
    },
  };
};
