import { afterEach, describe, expect, it, vi } from 'vitest';
import { machine } from '../../platform/machine/machine.ts';
import { expectedWait } from './expected-wait.ts';

afterEach(() => vi.restoreAllMocks());

/** An estimate on a clock that is set by hand, with a way to keep commands in flight. */
const estimate = () => {
  let time = 0;
  vi.spyOn(machine, 'elapsed').mockImplementation(() => time);
  const wait = expectedWait();
  const inFlight: ((isDecided: boolean) => void)[] = [];
  const enter = (count: number) => {
    for (let index = 0; index < count; index++) inFlight.push(wait.enter());
  };
  /** Ends a command every so many milliseconds, each replaced by a new one. */
  const turnOver = (count: number, every: number, isDecided = true) => {
    for (let index = 0; index < count; index++) {
      time += every;
      inFlight.shift()!(isDecided);
      enter(1);
    }
  };
  return { wait, enter, turnOver };
};

describe('the expected wait of a new command', () => {
  it('is nothing with few in flight, however slow they are', () => {
    const { wait, enter, turnOver } = estimate();
    enter(20);
    turnOver(50, 1_000);
    expect(wait.of(0)).toBe(0);
  });

  it('follows from the commands in flight and an assumed rate before the first measurement', () => {
    const { wait, enter } = estimate();
    enter(400);
    expect(wait.of(0)).toBe(400);
  });

  it('follows the measured rate', () => {
    const { wait, enter, turnOver } = estimate();
    enter(200);
    turnOver(2_000, 10);
    expect(wait.of(0)).toBeCloseTo(2_000, -2);
    turnOver(20_000, 0.5);
    expect(wait.of(0)).toBeCloseTo(100, -1);
  });

  it('does not count commands as decided that were dropped', () => {
    const { wait, enter, turnOver } = estimate();
    enter(200);
    for (let rounds = 0; rounds < 100; rounds++) {
      turnOver(19, 10, false);
      turnOver(1, 10);
    }
    expect(wait.of(0)).toBeCloseTo(40_000, -3);
  });

  it('stays as it is while none is decided, because the store does not answer', () => {
    const { wait, enter, turnOver } = estimate();
    enter(200);
    turnOver(2_000, 1, false);
    expect(wait.of(0)).toBe(200);
  });

  it('does not take the rate of a few clients for its own', () => {
    const { wait, enter, turnOver } = estimate();
    enter(10);
    turnOver(100, 1_000);
    enter(190);
    expect(wait.of(0)).toBe(200);
  });

  it('includes the commands that go first', () => {
    const { wait, enter } = estimate();
    enter(400);
    expect(wait.of(100)).toBe(500);
  });

  it('tells a store that does not answer from one that is slow', () => {
    const { wait, enter, turnOver } = estimate();
    expect(wait.isSilent(1_000)).toBe(false);
    enter(10);
    turnOver(20, 900);
    expect(wait.isSilent(1_000)).toBe(false);
    turnOver(2, 900, false);
    expect(wait.isSilent(1_000)).toBe(true);
    turnOver(1, 900);
    expect(wait.isSilent(1_000)).toBe(false);
  });
});
