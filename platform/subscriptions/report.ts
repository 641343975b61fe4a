import type { Db } from 'mongodb';
import type { EventStoreClient } from '../event-store/client.ts';
import { comparePositions, formatPosition } from '../event-store/types.ts';
import type { Seat } from './feed.ts';
import { park, parked, parkedEvent } from './parked.ts';
import { measureLag, writeStatuses } from './status.ts';
import { messageOf } from './transient.ts';

/** An event that waited for longer than this, in seconds, is not "just being handled". */
const LIVE_WITHIN = 2;

/** Measures how far the members are behind the store's tail and writes it down for all to read. */
export const report = async (
  db: Db,
  client: Pick<EventStoreClient, 'readAll'>,
  group: string,
  worker: string,
  seats: readonly Seat[],
): Promise<void> => {
  if (seats.length === 0) return;
  const lag = await measureLag(
    client,
    seats.map(({ position }) => position),
  );
  await writeStatuses(
    db,
    seats.map(({ member, position, live, progressAt }) => {
      const { events, seconds } = lag.of(position);
      return {
        _id: member.name,
        view: member.view,
        group,
        state: live && seconds < LIVE_WITHIN ? 'live' : 'catching-up',
        position: formatPosition(position),
        tail: formatPosition(lag.tail),
        eventsBehind: events,
        secondsBehind: seconds,
        progressAt,
        worker,
      };
    }),
  );
};

/**
 * Does what operators asked for: gives parked events to their members again, between two batches.
 * @param aside runs a job while its seat is fed nothing
 */
export const replayParked = async (
  db: Db,
  seats: ReadonlyMap<string, Seat>,
  aside: (seat: Seat, job: () => Promise<void>) => Promise<void>,
  log: (line: string) => void,
): Promise<void> => {
  if (seats.size === 0) return;
  const requests = await parked(db)
    .find({ state: 'replaying', member: { $in: [...seats.keys()] } })
    .toArray();
  for (const request of requests) {
    const seat = seats.get(request.member);
    const event = parkedEvent(request);
    // A member that stopped before the event comes to it by itself.
    if (!seat || comparePositions(event.position, seat.position) > 0) continue;
    const { member, turn } = seat;
    await aside(seat, async () => {
      try {
        if (member.onPoison === 'park') await (member.replay?.(event, turn) ?? member.handle([event], turn));
        await parked(db).deleteOne({ _id: request._id });
        log(`${member.name}: ${event.type} ${event.id} replayed`);
      } catch (error) {
        await park(db, member, event, messageOf(error));
        log(`${member.name}: ${event.type} ${event.id} failed again: ${messageOf(error)}`);
      }
    });
  }
};
