import type { Db } from 'mongodb';
import { comparePositions } from '../event-store/types.ts';
import { moveCheckpoints } from './checkpoints.ts';
import type { Seat } from './feed.ts';

/**
 * Writes the checkpoints of members that moved without having had anything to do, all in one go. One that is at work
 * writes its own.
 * @returns the seats whose lease was lost
 */
export const flushIdle = async (db: Db, seats: Iterable<Seat>): Promise<Seat[]> => {
  const moves = [...seats]
    .filter((seat) => !seat.busy && !seat.lost && comparePositions(seat.position, seat.written) > 0)
    .map((seat) => ({ seat, member: seat.member.name, token: seat.token, position: seat.position }));
  const lost = new Set(await moveCheckpoints(db, moves));
  for (const { seat, position, member } of moves) if (!lost.has(member)) seat.written = position;
  return moves.filter(({ member }) => lost.has(member)).map(({ seat }) => seat);
};
