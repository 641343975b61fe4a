import type { Db } from 'mongodb';
import type { EventStoreClient } from '../event-store/client.ts';
import type { PersonalData } from '../event-store/personal-data.ts';
import { comparePositions, formatPosition } from '../event-store/types.ts';
import { machine } from '../machine/machine.ts';
import type { Assignment } from './delivery.ts';
import { park, parked, parkedEvent } from './parked.ts';
import { measureLag, writeStatuses } from './status.ts';
import { storeNow } from './store-clock.ts';
import { messageOf } from './transient.ts';

/** Seconds that an event may wait while the consumer still counts as live. */
const LIVE_WITHIN = 2;

/** Measures the lag of the consumers against the store's tail and stores it. */
export const report = async (
  db: Db,
  client: Pick<EventStoreClient, 'readAll'>,
  group: string,
  worker: string,
  assignments: readonly Assignment[],
): Promise<void> => {
  if (assignments.length === 0) return;
  const lag = await measureLag(
    client,
    assignments.map(({ position }) => position),
  );
  const now = await storeNow(db);
  await writeStatuses(
    db,
    assignments.map(({ consumer, position, live, progressAt, waits }) => {
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
        progressAt: new Date(now - (machine.elapsed() - progressAt)),
        worker,
      };
    }),
  );
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
