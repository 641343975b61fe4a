/** An operation of a history: it took effect at one moment from `from` to `to`, if it is linearizable. */
export type Operation<State> = {
  name: string;
  from: number;
  to: number;
  /** Returns the state after the operation; undefined when its answer is impossible in a state. */
  apply(state: State): State | undefined;
};

type Entry<State> = {
  operation: Operation<State> | undefined;
  index: number;
  isCall: boolean;
  next: Entry<State> | undefined;
  before: Entry<State> | undefined;
};

/** The operations that have an order so far, by the order of their calls. */
const doneOf = (count: number) => {
  const isDone = new Uint8Array(count + 1);
  let first = 0;
  let last = -1;
  return {
    add(index: number): void {
      isDone[index] = 1;
      last = Math.max(last, index);
      while (isDone[first]) first += 1;
    },
    remove(index: number): void {
      isDone[index] = 0;
      first = Math.min(first, index);
    },
    /** All before the first open one are done: it and the done ones after it name the set. */
    key(): string {
      while (last >= 0 && !isDone[last]) last -= 1;
      return last < first ? `${first}` : `${first} ${isDone.subarray(first, last + 1).join('')}`;
    },
  };
};

/**
 * Checks whether operations have an order that keeps their real-time order and explains each answer. The algorithm of
 * Wing and Gong with Lowe's memory of visited states, as in Porcupine (A. Athalye): it takes an operation that was
 * called before the first return, applies it, and goes back when it comes to a return that it cannot explain.
 *
 * @param keyOf names a state: two states of one key behave alike
 * @returns undefined when it is linearizable, else the operation at which the longest attempt ended
 */
export const checkLinearizable = <State>(
  operations: readonly Operation<State>[],
  initial: State,
  keyOf: (state: State) => string,
): string | undefined => {
  const moments = [...operations]
    .sort((a, b) => a.from - b.from)
    .flatMap((operation, index) => [
      { operation, index, isCall: true, at: operation.from },
      { operation, index, isCall: false, at: operation.to },
    ])
    // At one moment calls come first: operations that touch are concurrent.
    .sort((a, b) => a.at - b.at || Number(b.isCall) - Number(a.isCall));
  const head: Entry<State> = { operation: undefined, index: -1, isCall: false, next: undefined, before: undefined };
  const returns = new Map<number, Entry<State>>();
  let last = head;
  for (const { operation, index, isCall } of moments) {
    const entry: Entry<State> = { operation, index, isCall, next: undefined, before: last };
    last.next = entry;
    last = entry;
    if (!isCall) returns.set(index, entry);
  }

  const unlink = (entry: Entry<State>) => {
    entry.before!.next = entry.next;
    if (entry.next) entry.next.before = entry.before;
  };
  const relink = (entry: Entry<State>) => {
    entry.before!.next = entry;
    if (entry.next) entry.next.before = entry;
  };

  const visited = new Set<string>();
  const taken: { entry: Entry<State>; state: State }[] = [];
  const done = doneOf(operations.length);
  let state = initial;
  let longest = { count: -1, at: '' };
  let entry = head.next;
  while (entry) {
    if (entry.isCall) {
      const after = entry.operation!.apply(state);
      if (after !== undefined) {
        done.add(entry.index);
        const situation = `${done.key()} ${keyOf(after)}`;
        if (!visited.has(situation)) {
          visited.add(situation);
          taken.push({ entry, state });
          state = after;
          unlink(entry);
          unlink(returns.get(entry.index)!);
          entry = head.next;
          continue;
        }
        done.remove(entry.index);
      }
      entry = entry.next;
      continue;
    }
    if (taken.length > longest.count) longest = { count: taken.length, at: entry.operation!.name };
    const back = taken.pop();
    if (!back) return longest.at;
    state = back.state;
    done.remove(back.entry.index);
    relink(returns.get(back.entry.index)!);
    relink(back.entry);
    entry = back.entry.next;
  }
  return undefined;
};
