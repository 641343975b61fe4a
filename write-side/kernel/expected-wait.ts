import { machine } from '../../platform/machine/machine.ts';

/** With fewer commands in flight a process waits for the store, not for itself, and its rate says nothing. */
const FEW = 64;
/** Commands a second until there is a measurement. */
const ASSUMED_RATE = 1_000;
/** Milliseconds of one measurement, and the weight of the newest. */
const MEASURED_OVER = 200;
const NEWEST = 1 / 4;

/**
 * Estimates how long a new command would wait: for those before it, at the rate of the last ones (Little's law). The rate
 * is measured only while many are in flight: otherwise it is the rate at which clients send.
 */
export const expectedWait = () => {
  let inFlight = 0;
  let rate = ASSUMED_RATE / 1_000;
  let since = machine.elapsed();
  let decided = 0;
  let decidedAt = since;

  const measure = (): void => {
    const elapsed = machine.elapsed() - since;
    if (inFlight >= FEW && elapsed < MEASURED_OVER) return;
    // Without any, the store does not answer: that is no overload.
    if (inFlight >= FEW && decided > 0) rate += (decided / elapsed - rate) * NEWEST;
    since = machine.elapsed();
    decided = 0;
  };
  return {
    /** Records a command. @returns a function to call when it ends, with whether it was decided */
    enter() {
      if (inFlight === 0) decidedAt = machine.elapsed();
      inFlight += 1;
      return (isDecided: boolean): void => {
        if (isDecided) {
          decided += 1;
          decidedAt = machine.elapsed();
        }
        measure();
        inFlight -= 1;
      };
    },
    /** Returns milliseconds, for a command that lets some others go first. */
    of: (others: number): number => (inFlight < FEW ? 0 : (inFlight + others) / rate),
    /** Returns whether commands are in flight, and none has been decided for some milliseconds. */
    isSilent: (milliseconds: number): boolean => inFlight > 0 && machine.elapsed() - decidedAt >= milliseconds,
  };
};
