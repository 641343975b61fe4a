import type { Db } from 'mongodb';
import { Gauge, type Registry } from 'prom-client';
import { withDeadline } from '../machine/deadline.ts';
import { machine } from '../machine/machine.ts';
import { type ReadStatus, readStatuses } from '../subscriptions/status.ts';

/** Milliseconds that a scrape waits for MongoDB, and for which it reuses the result. */
const READ_WITHIN = 1000;
const MAX_AGE = 500;

const STATES: readonly ReadStatus['state'][] = ['live', 'catching-up', 'rebuilding', 'stopped'];

/** Reads the statuses of projections and policies; undefined when MongoDB does not answer in time. */
const statusReader = (db: Db): (() => Promise<readonly ReadStatus[] | undefined>) => {
  let last: Promise<readonly ReadStatus[] | undefined> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (last && machine.elapsed() - askedAt < MAX_AGE) return last;
    askedAt = machine.elapsed();
    last = withDeadline(readStatuses(db), READ_WITHIN, () => new Error('no answer in time')).catch(() => undefined);
    return last;
  };
};

/**
 * Creates the metrics of projections and policies as last measured against the store's tail. Every process reports the
 * same values: take the maximum. While MongoDB does not answer there are none, and `plaza_read_models_up` is 0.
 */
export const consumerMetrics = (registry: Registry, db: Db): void => {
  const registers = [registry];
  const read = statusReader(db);

  const gauge = (name: string, help: string, value: (status: ReadStatus) => number | undefined) =>
    new Gauge({
      name,
      help,
      labelNames: ['group', 'projection'],
      registers,
      async collect() {
        this.reset();
        for (const status of (await read()) ?? []) {
          const measured = value(status);
          if (measured !== undefined) this.set({ group: status.group, projection: status._id }, measured);
        }
      },
    });

  gauge(
    'plaza_projection_lag_events',
    'Events not handled yet; exact up to 500, absent while no process reports',
    ({ isReported, eventsBehind }) => (isReported ? eventsBehind : undefined),
  );
  gauge(
    'plaza_projection_lag_seconds',
    'For how long the oldest event that was not handled yet has waited; while no process reports, may have waited',
    ({ secondsBehind }) => secondsBehind,
  );
  gauge(
    'plaza_projection_last_progress_timestamp_seconds',
    'When it last moved, in Unix time',
    ({ progressAt }) => progressAt.getTime() / 1000,
  );
  gauge('plaza_parked_events', 'Events kept aside because they could not be handled', ({ parked }) => parked);
  gauge(
    'plaza_unanswered_seconds',
    'For how long the oldest parked event that is retried has had no answer; 0 without one',
    ({ secondsUnanswered }) => secondsUnanswered,
  );
  new Gauge({
    name: 'plaza_projection_state',
    help: '1 for the state that it is in: live, catching-up, rebuilding or stopped',
    labelNames: ['group', 'projection', 'state'],
    registers,
    async collect() {
      this.reset();
      for (const { group, _id: projection, state } of (await read()) ?? [])
        for (const each of STATES) this.set({ group, projection, state: each }, each === state ? 1 : 0);
    },
  });
  new Gauge({
    name: 'plaza_read_models_up',
    help: 'Whether the read models answered the scrape',
    registers,
    async collect() {
      this.set((await read()) ? 1 : 0);
    },
  });
};
