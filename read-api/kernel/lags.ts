import { machine } from '../../platform/machine/machine.ts';
import type { ReadStatus } from '../../platform/subscriptions/status.ts';

/** The lag of each view behind the event store, as last measured. */
export type Lags = {
  /**
   * `events=3, seconds=0.4, state=live`: a dictionary of RFC 9651; undefined for a view whose lag was not measured.
   * Without `events` while no process measures it.
   */
  of(view: string): string | undefined;
};

/** Milliseconds after which the statuses are read again, at the next request. */
const MAX_AGE = 500;

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
 * Keeps the lags in memory: reading them never waits, and refreshes them in the background.
 * @param read the statuses of all projections
 */
export const trackLags = (read: () => Promise<readonly ReadStatus[]>): Lags => {
  let lags = new Map<string, string>();
  let askedAt = Number.NEGATIVE_INFINITY;

  const refresh = async (): Promise<void> => {
    try {
      const members = (await read()).filter(({ group }) => group === 'projections');
      lags = new Map([...Map.groupBy(members, ({ view }) => view)].map(([view, own]) => [view, describe(own)]));
    } catch {
      lags = new Map();
    }
  };
  const keepFresh = (): void => {
    if (machine.elapsed() - askedAt < MAX_AGE) return;
    askedAt = machine.elapsed();
    void refresh();
  };
  keepFresh();
  return {
    of(view) {
      keepFresh();
      return lags.get(view);
    },
  };
};
