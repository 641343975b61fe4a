import { comparePositions } from '../event-store/types.ts';
import type { CheckpointWriter } from './checkpoints.ts';
import type { Assignment } from './delivery.ts';

/**
 * Writes the checkpoints of consumers that moved without writing their own: idle ones, and those with keys.
 * @returns the assignments whose stored checkpoint is not the one that was written last
 */
export const flushIdle = async (
  checkpoints: CheckpointWriter,
  assignments: Iterable<Assignment>,
): Promise<Assignment[]> => {
  const idle = [...assignments].filter(
    ({ busy, keyed, lost, position, written }) => (!busy || keyed) && !lost && comparePositions(position, written) > 0,
  );
  const moved = await Promise.all(
    idle.map(async (assignment) => {
      const { held, position } = assignment;
      const isHeld = await checkpoints.move({ held, position });
      if (isHeld && comparePositions(position, assignment.written) > 0) assignment.written = position;
      return isHeld;
    }),
  );
  return idle.filter((_, at) => !moved[at]);
};
