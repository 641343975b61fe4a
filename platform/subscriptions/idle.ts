import { comparePositions } from '../event-store/types.ts';
import type { CheckpointWriter } from './checkpoints.ts';
import type { Seat } from './feed.ts';

/**
 * Writes the checkpoints of members that moved without having had anything to do. One that is at work writes its own.
 * @returns the seats whose lease was lost
 */
export const flushIdle = async (checkpoints: CheckpointWriter, seats: Iterable<Seat>): Promise<Seat[]> => {
  const idle = [...seats].filter(
    ({ busy, lost, position, written }) => !busy && !lost && comparePositions(position, written) > 0,
  );
  const held = await Promise.all(
    idle.map(async (seat) => {
      const { member, token, position } = seat;
      const isHeld = await checkpoints.move({ member: member.name, token, position });
      if (isHeld && comparePositions(position, seat.written) > 0) seat.written = position;
      return isHeld;
    }),
  );
  return idle.filter((_, at) => !held[at]);
};
