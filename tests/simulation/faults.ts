import type { Plaza } from './plaza.ts';
import type { World } from './world.ts';

export const FAULTS = [
  'weather',
  'crashes',
  'ends',
  'pauses',
  'subscriptions',
  'slowness',
  'clocks',
  'older-copies',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Milliseconds by which the clock of the documents is ahead for a moment. */
const LONGEST_JUMP = 24 * 3_600_000;

/** The share of worlds in which a store goes back to an older copy, once. */
const RESTORING = 0.25;
/** The longest virtual milliseconds until the copy, and from it until the store goes back. */
const COPIED_WITHIN = 2_000;
const RESTORED_WITHIN = 2_000;
/** Virtual milliseconds for which the store does not answer meanwhile: longer than a lease, and than any request takes. */
const AWAY = 4_000;
const DECIDED_WITHIN = 4_000;

/** Plans that a store goes back to an older copy; an operator then accepts an event store that did. */
const planOlderCopy = (world: World, plaza: Plaza, isOver: () => boolean): void => {
  const { random } = world;
  const isOfEvents = random.chance(0.5) && !plaza.isEncrypting;
  world.after(random.next() * COPIED_WITHIN, 'a copy is made', () => {
    const size = plaza.eventStore.size;
    const back = isOfEvents ? (awayFor: number) => plaza.eventStore.goBackTo(size, awayFor) : plaza.documents.copy();
    world.after(random.next() * RESTORED_WITHIN, 'an older copy', () => {
      if (isOver()) return;
      world.note(`the ${isOfEvents ? 'event store' : 'documents'} go back to the copy`);
      back(AWAY);
      plaza.restored = { at: world.time + AWAY, isOfEvents };
      if (isOfEvents) world.after(AWAY + random.next() * DECIDED_WITHIN, 'the operator looks', plaza.decide);
    });
  });
};

/**
 * Begins the faults of a world. How often each strikes differs from world to world.
 * @param without the faults that are left out
 * @returns a function that ends them
 */
export const beginFaults = (world: World, plaza: Plaza, without: readonly Fault[]): (() => void) => {
  const { random } = world;
  const level = random.next() * 0.04;
  if (!without.includes('weather'))
    plaza.network.weather = { lost: level, answerLost: level, late: level, slow: level / 2 };
  let isOver = false;
  if (random.chance(RESTORING) && !without.includes('older-copies')) planOlderCopy(world, plaza, () => isOver);

  const every = (milliseconds: number, fault: Fault, strike: () => void): void => {
    const next = () =>
      world.after(random.next() * 2 * milliseconds, fault, () => {
        if (isOver) return;
        if (!without.includes(fault)) strike();
        next();
      });
    next();
  };
  /** Strikes a process that runs, if any. */
  const hit = (strike: (side: Plaza['sides'][number]) => void) => () => {
    const running = plaza.sides.filter(({ process }) => process.isAlive);
    if (running.length > 0) strike(random.pick(running));
  };

  const restart = (side: Plaza['sides'][number]) =>
    world.after(random.next() * 2_000, 'restart', () => plaza.restart(side));
  const crash = hit((side) => {
    plaza.crash(side);
    restart(side);
  });
  every(1_500 + random.next() * 4_000, 'crashes', crash);
  every(
    1_500 + random.next() * 4_000,
    'ends',
    hit((side) => plaza.end(side, () => restart(side))),
  );
  every(
    2_500,
    'pauses',
    hit((side) => plaza.pause(side, random.next() ** 3 * 8_000)),
  );
  every(1_500, 'subscriptions', plaza.eventStore.breakSubscription);
  every(
    2_000 + random.next() * 8_000,
    'slowness',
    hit((side) => plaza.slowDown(side, random.next() * 4_000)),
  );
  every(30_000, 'clocks', () => {
    plaza.documents.setClock((random.next() - 0.1) * LONGEST_JUMP);
    world.after(random.next() * 10_000, 'the clock is right again', () => plaza.documents.setClock(0));
  });
  return () => {
    isOver = true;
    plaza.documents.setClock(0);
    plaza.network.calm();
  };
};
