import type { Db } from 'mongodb';
import { machine } from '../machine/machine.ts';
import { isTransient } from './transient.ts';

/** Milliseconds after which the difference between the clocks is measured again. */
const MEASURE_EVERY = 10_000;

/** For each database connection, the difference between MongoDB's clock and this process's monotonic clock. */
const measured = new WeakMap<object, { difference: number; at: number }>();

/**
 * Returns the time of a server that answers `hello` without it, as MongoDB's engine inside another program does. Where
 * the status has no time either, or may not be read, the processes' own clocks must do.
 */
const fromStatus = async (db: Db): Promise<Date> => {
  try {
    const { localTime } = await db.command({ serverStatus: 1 });
    if (localTime) return localTime;
  } catch (error) {
    if (isTransient(error)) throw error;
  }
  return new Date(machine.now());
};

/**
 * Returns the time of MongoDB's clock, in milliseconds since 1970. Times that several machines compare use this clock,
 * so their own clocks may differ. Between two measurements this process's monotonic clock continues it.
 * @throws an error of the MongoDB driver when the server is not available
 */
export const storeNow = async (db: Db): Promise<number> => {
  const now = machine.elapsed();
  const known = measured.get(db.client);
  if (known && now - known.at < MEASURE_EVERY) return now + known.difference;
  const { localTime = await fromStatus(db) } = await db.command({ hello: 1 });
  const at = machine.elapsed();
  // The answer is half a round trip old.
  const difference = (localTime as Date).getTime() - (now + at) / 2;
  measured.set(db.client, { difference, at });
  return at + difference;
};
