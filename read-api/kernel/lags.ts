import { withDeadline } from '../../platform/machine/deadline.ts';
import { machine } from '../../platform/machine/machine.ts';
import type { ReadStatus } from '../../platform/subscriptions/status.ts';

/** The lag of each view behind the event store, as last measured. */
export type Lags = {
  /**
   * `events=3, seconds=0.4, state=live`: a dictionary of RFC 9651; undefined for a view whose lag was not measured.
   * Without `events` while no process measures it. Waits only after seconds without a request, which would be shown the
   * lag of the one before.
   */
  of(view: string): Promise<string | undefined>;
};

/** Milliseconds after which the statuses are read again, at the next request. */
const MAX_AGE = 500;

/** Milliseconds for which what was read is shown, and in which a read must answer. */
const SHOWN_FOR = 2_000;
const READ_WITHIN = 900;

/** From the best to the worst. */
const STATES: readonly ReadStatus['state'][] = ['live', 'catching-up', 'rebuilding', 'stopped'];

const describe = (members: readonly ReadStatus[]): string => {
  const events = members.every(({ isReported }) => isReported)
    ? `events=${Math.max(...members.map(({ eventsBehind }) => eventsBehind))}, `
    : '';
  const seconds = Math.max(...members.map(({ secondsBehind }) => secondsBehind));
  const state = STATES[Math.max(...members.map((member) => STATES.indexOf(member.state)))];
  return `${events}seconds=${seconds.toFixed(1)}, state=${state}`;
};

/**
 * Keeps the lags in memory, and refreshes them in the background while requests come.
 * @param read the statuses of all projections
 */
export const trackLags = (read: () => Promise<readonly ReadStatus[]>): Lags => {
  let lags = new Map<string, string>();
  let askedAt = Number.NEGATIVE_INFINITY;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  const refresh = async (): Promise<void> => {
    const began = machine.elapsed();
    try {
      const statuses = await withDeadline(read(), READ_WITHIN, () => new Error('no answer in time'));
      const members = statuses.filter(({ group }) => group === 'projections');
      lags = new Map([...Map.groupBy(members, ({ view }) => view)].map(([view, own]) => [view, describe(own)]));
    } catch {
      lags = new Map();
    }
    readAt = began;
    reading = undefined;
  };
  const keepFresh = (): void => {
    if (machine.elapsed() - askedAt < MAX_AGE) return;
    askedAt = machine.elapsed();
    reading ??= refresh();
  };
  keepFresh();
  return {
    async of(view) {
      keepFresh();
      if (machine.elapsed() - readAt > SHOWN_FOR) await reading;
      return lags.get(view);
    },
  };
};
