import { machine, type Timer } from '../../platform/machine/machine.ts';
/** The positions of the views, read once for all concurrent requests. */
export type Positions = {
  /** @returns a position that the view has reached, at most {@link MAX_AGE} old; null while it has never been built */
  reached(view: string): Promise<bigint | null>;
  /**
   * Waits until the view has reached a position.
   * @param wait milliseconds; 0 reads once
   * @returns the view's position, less than `minimum` when the time was over; null if the view is still not built
   * @throws the signal's reason when the client has left
   */
  waitFor(view: string, minimum: bigint, wait: number, signal: AbortSignal): Promise<bigint | null>;
  /** Ends all waiting, as if the time had passed. */
  stop(): void;
};

/** Milliseconds for which a position is used again. */
const MAX_AGE = 20;
/** Milliseconds between two reads while a request waits. */
const POLL = 10;

type Waiter = { minimum: bigint; settle(position: bigint | null): void; fail(error: unknown): void };

type ViewState = {
  position: bigint | null;
  readAt: number;
  reading: Promise<bigint | null> | undefined;
  waiters: Set<Waiter>;
  poll: Timer | undefined;
};

const end = ({ waiters }: ViewState, waiter: Waiter): Waiter => {
  waiters.delete(waiter);
  return waiter;
};

const isAtLeast = (position: bigint | null, minimum: bigint): boolean => position !== null && position >= minimum;

/** @param read reads a position; null for a view that has never been built */
export const trackPositions = (read: (view: string) => Promise<bigint | null>): Positions => {
  const views = new Map<string, ViewState>();
  let stopped = false;

  const stateOf = (view: string): ViewState => {
    const known = views.get(view);
    if (known) return known;
    const state = {
      position: null,
      readAt: Number.NEGATIVE_INFINITY,
      reading: undefined,
      waiters: new Set<Waiter>(),
      poll: undefined,
    };
    views.set(view, state);
    return state;
  };

  const refresh = (view: string, state: ViewState): Promise<bigint | null> => {
    state.reading ??= (async () => {
      const askedAt = machine.elapsed();
      try {
        state.position = await read(view);
        state.readAt = askedAt;
        return state.position;
      } finally {
        state.reading = undefined;
      }
    })();
    return state.reading;
  };

  const schedule = (view: string, state: ViewState): void => {
    if (state.poll || state.waiters.size === 0) return;
    state.poll = machine.setTimer(async () => {
      try {
        const position = await refresh(view, state);
        for (const waiter of state.waiters)
          if (isAtLeast(position, waiter.minimum)) end(state, waiter).settle(position);
      } catch (error) {
        for (const waiter of state.waiters) end(state, waiter).fail(error);
      }
      state.poll = undefined;
      schedule(view, state);
    }, POLL);
  };

  return {
    async reached(view) {
      const state = stateOf(view);
      return machine.elapsed() - state.readAt < MAX_AGE ? state.position : refresh(view, state);
    },
    async waitFor(view, minimum, wait, signal) {
      const state = stateOf(view);
      const isFresh = machine.elapsed() - state.readAt < MAX_AGE;
      if (isFresh && isAtLeast(state.position, minimum)) return state.position;
      const position = await refresh(view, state);
      signal.throwIfAborted();
      if (isAtLeast(position, minimum) || wait === 0 || stopped) return position;
      const { promise, resolve, reject } = Promise.withResolvers<bigint | null>();
      const waiter: Waiter = { minimum, settle: resolve, fail: reject };
      const timer = machine.setTimer(() => resolve(state.position), wait);
      const gone = () => reject(signal.reason);
      signal.addEventListener('abort', gone);
      state.waiters.add(waiter);
      schedule(view, state);
      return promise.finally(() => {
        machine.clearTimer(timer);
        signal.removeEventListener('abort', gone);
        state.waiters.delete(waiter);
      });
    },
    stop() {
      stopped = true;
      for (const state of views.values()) {
        machine.clearTimer(state.poll);
        for (const waiter of state.waiters) waiter.settle(state.position);
      }
    },
  };
};
