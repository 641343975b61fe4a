import type { Db } from 'mongodb';
import type { EventStoreClient } from '../event-store/client.ts';
import type { PersonalData } from '../event-store/personal-data.ts';
import { comparePositions, formatPosition } from '../event-store/types.ts';
import { machine } from '../machine/machine.ts';
import type { Assignment } from './delivery.ts';
import { park, parked, parkedEvent } from './parked.ts';
import { type ConsumerStatus, type Lag, measureLag, statuses, writeStatuses } from './status.ts';
import { storeNow } from './store-clock.ts';
import { messageOf } from './transient.ts';
import { noteReport } from './workers.ts';

/** Seconds that an event may wait while the consumer still counts as live. */
const LIVE_WITHIN = 2;
/**
 * Milliseconds after which every status is written again: something may have removed it, and a read API of 2.0.0, which
 * does not know the workers' reports, counts one that is older than 5 seconds as stopped during an upgrade.
 */
const REWRITE_EVERY = 3_000;

type Reported = Omit<ConsumerStatus, 'updatedAt' | 'progressAt'>;

/**
 * Returns a function that measures the lag of the consumers against the store's tail and stores it. Only statuses that
 * have changed are written: the time of the worker's report stands for the others, so an idle log costs one write.
 */
export const reporter = (
  db: Db,
  client: Pick<EventStoreClient, 'readAll'>,
  group: string,
  worker: string,
): ((assignments: readonly Assignment[]) => Promise<void>) => {
  /** The last status of each consumer as text; empty when it is unknown what the database holds. */
  const written = new Map<string, string>();
  let rewrittenAt = machine.elapsed();

  const statusOf = ({ consumer, position, live, waits }: Assignment, lag: Lag): Reported => {
    const { events, seconds } = lag.of(position);
    return {
      _id: consumer.name,
      view: consumer.view,
      group,
      state: waits ? 'stopped' : live && seconds < LIVE_WITHIN ? 'live' : 'catching-up',
      reason: waits ?? null,
      position: formatPosition(position),
      tail: formatPosition(lag.tail),
      eventsBehind: events,
      secondsBehind: seconds,
      worker,
    };
  };

  /** Without a worker, the status of a consumer that nobody works on grows old. */
  const leave = async (names: readonly string[]): Promise<void> => {
    if (names.length === 0) return;
    const updatedAt = new Date(await storeNow(db));
    await statuses(db).updateMany({ _id: { $in: [...names] }, worker }, { $set: { worker: null, updatedAt } });
    for (const name of names) written.delete(name);
  };

  return async (assignments) => {
    const working = new Set(assignments.map(({ consumer }) => consumer.name));
    await leave([...written.keys()].filter((name) => !working.has(name)));
    if (assignments.length === 0) return;
    const lag = await measureLag(
      client,
      assignments.map(({ position }) => position),
    );
    const now = await storeNow(db);
    if (machine.elapsed() - rewrittenAt >= REWRITE_EVERY) {
      written.clear();
      rewrittenAt = machine.elapsed();
    }
    const changed = assignments
      .map((assignment) => ({ assignment, status: statusOf(assignment, lag) }))
      // MongoDB may have gone back to an older copy when an assignment is new.
      .map((each) => ({ ...each, text: `${each.assignment.takenAt} ${JSON.stringify(each.status)}` }))
      .filter(({ status, text }) => written.get(status._id) !== text);
    for (const { status } of changed) written.set(status._id, '');
    await writeStatuses(
      db,
      changed.map(({ assignment: { progressAt }, status }) => ({
        ...status,
        progressAt: new Date(now - (machine.elapsed() - progressAt)),
      })),
    );
    await noteReport(db, worker, now);
    for (const { status, text } of changed) written.set(status._id, text);
  };
};

/**
 * Handles parked events again: requested ones between two batches; with keys, those that are due.
 * @param open decrypts them
 * @param pausedFor runs a job while its assignment gets no events
 */
export const replayParked = async (
  db: Db,
  assignments: ReadonlyMap<string, Assignment>,
  open: PersonalData['open'],
  pausedFor: (assignment: Assignment, job: () => Promise<void>) => Promise<void>,
  log: (line: string) => void,
): Promise<void> => {
  const batched: string[] = [];
  for (const { consumer, keyed } of assignments.values()) {
    if (consumer.key) await keyed?.retryParked();
    else batched.push(consumer.name);
  }
  if (batched.length === 0) return;
  const requests = await parked(db)
    .find({ state: 'replaying', member: { $in: batched } })
    .toArray();
  for (const request of requests) {
    const assignment = assignments.get(request.member);
    const event = parkedEvent(request);
    // A consumer that stopped before the event reaches it without a replay.
    if (!assignment || comparePositions(event.position, assignment.position) > 0) continue;
    const { consumer, lease } = assignment;
    await pausedFor(assignment, async () => {
      try {
        await open([event]);
        if (consumer.onPoison === 'park') await (consumer.replay?.(event, lease) ?? consumer.handle([event], lease));
        await parked(db).deleteOne({ _id: request._id });
        log(`${consumer.name}: ${event.type} ${event.id} replayed`);
      } catch (error) {
        await park(db, consumer, event, messageOf(error));
        log(`${consumer.name}: ${event.type} ${event.id} failed again: ${messageOf(error)}`);
      }
    });
  }
};
