import { AsyncLocalStorage } from 'node:async_hooks';
import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { EventStoreClient } from '../../platform/event-store/client.ts';
import { readAhead } from '../../platform/event-store/tail.ts';
import { START } from '../../platform/event-store/types.ts';
import type { DemoControl } from '../../projections/operations.ts';
import type { DemoCommand, DemoWorld, WriteSideContext } from '../../write-side/context.ts';
import type { GiveCommand } from '../../write-side/kernel/in-process.ts';

/** The sender of the demo's commands. The first event of a Plaza that the demo filled is its. */
const DEMO_ACTOR = 'plaza:demo';

/** Records in which the first event is found. */
const FIRST = 16;

const MINUTE = 60_000;
/**
 * Minutes of the past whose commands are given at once. Commands of one stream keep their order; those with steps,
 * which do not, lie further apart.
 */
const WINDOW = 5;
/** Minutes of events that the demo prepares beyond the present. */
const AHEAD = 10;

const FAMILY_NAMES = ['kim', 'lee', 'park', 'choi', 'jung', 'kang', 'cho', 'yoon', 'jang', 'lim', 'han', 'seo'];
const GIVEN_NAMES = ['minjun', 'seoyeon', 'jihoo', 'hayoon', 'dohyun', 'jiwoo', 'eunwoo', 'soyul', 'junseo', 'yuna'];

const worldAt = (now: number, timeZone: string): DemoWorld => {
  const run = now.toString(36);
  let ids = 0;
  const between = (least: number, most: number) => randomInt(least, most + 1);
  const pick = <Item>(items: readonly Item[]): Item => items[randomInt(items.length)]!;
  return {
    now,
    timeZone,
    id: () => `demo-${run}-${(ids++).toString(36)}`,
    between,
    pick,
    customer: () => `${pick(FAMILY_NAMES)}-${pick(GIVEN_NAMES)}`,
  };
};

/**
 * The clock of the write side in a process that can run the demo: the machine's, except for commands that the demo
 * gives in its past.
 */
export const demoClock = () => {
  const past = new AsyncLocalStorage<Date>();
  return { now: () => past.getStore() ?? new Date(), at: past.run.bind(past) as typeof past.run };
};

export type LivingDemoOptions = {
  client: EventStoreClient;
  contexts: readonly WriteSideContext[];
  timeZone: string;
  give: GiveCommand;
  clock: ReturnType<typeof demoClock>;
  /**
   * Runs a function while no policy and no timer works. Otherwise an order of the demo's past would be rejected as late
   * before the command that accepts it, and the follow-ups of the past would be mixed with it.
   */
  withoutPolicies(fill: () => Promise<void>): Promise<void>;
  onError(error: unknown): void;
};

/**
 * Returns the living demo: it fills an empty Plaza with a day of history, through the write side's own commands decided
 * at the times of that day, and then gives commands for ten minutes.
 */
export const livingDemo = (options: LivingDemoOptions): DemoControl & { end(): Promise<void> } => {
  const { client, contexts, timeZone, give, clock, withoutPolicies, onError } = options;
  let running:
    | { stopped: AbortController; phase: 'filling' | 'running'; until: number; done: Promise<void> }
    | undefined;
  let isStarting = false;

  const owner = async (): Promise<'nobody' | 'demo' | 'others'> => {
    const [first] = (await readAhead(client, START, FIRST)).events;
    if (!first) return 'nobody';
    return first.metadata.actor === DEMO_ACTOR ? 'demo' : 'others';
  };

  const send = async ({ type, data }: DemoCommand): Promise<void> => {
    const outcome = await give({ type, data, actor: DEMO_ACTOR });
    // A refusal is part of the story: a lot is full, a bike is in use.
    if (outcome.kind !== 'done' && outcome.kind !== 'refused') throw new Error(`the demo's ${type}: ${outcome.kind}`);
  };

  const fill = async (past: readonly DemoCommand[], now: number, { signal }: AbortController): Promise<void> => {
    for (const commands of Map.groupBy(past, ({ at }) => Math.floor(at / WINDOW)).values()) {
      if (signal.aborted) return;
      await Promise.all(commands.map((command) => clock.at(new Date(now + command.at * MINUTE), () => send(command))));
    }
  };

  const live = async (ahead: readonly DemoCommand[], { signal }: AbortController): Promise<void> => {
    const began = Date.now();
    for (const command of ahead) {
      await pause(Math.max(0, began + command.at * MINUTE - Date.now()), undefined, { signal });
      await send(command);
    }
  };

  const play = async (isFilled: boolean, stopped: AbortController): Promise<void> => {
    const now = Date.now();
    const world = worldAt(now, timeZone);
    const parts = await Promise.all(contexts.map(async ({ demo }) => (await demo?.())?.(world) ?? []));
    const commands = parts.flat().sort((one, other) => one.at - other.at);
    const past = commands.filter(({ at }) => at < 0);
    const ahead = commands.filter(({ at }) => at >= 0 && at < AHEAD);
    if (!isFilled) await withoutPolicies(() => fill(past, now, stopped));
    if (stopped.signal.aborted || !running) return;
    running.phase = 'running';
    running.until = Date.now() + AHEAD * MINUTE;
    await live(ahead, stopped);
  };

  return {
    async read() {
      if (running?.phase === 'filling') return { state: 'filling' };
      if (running) return { state: 'running', until: new Date(running.until).toISOString() };
      const states = { nobody: 'empty', demo: 'stopped', others: 'unavailable' } as const;
      return { state: states[await owner()] };
    },
    async start() {
      if (running || isStarting) return true;
      isStarting = true;
      try {
        const whose = await owner();
        if (whose === 'others') return false;
        const stopped = new AbortController();
        running = {
          stopped,
          phase: whose === 'demo' ? 'running' : 'filling',
          until: Date.now() + AHEAD * MINUTE,
          done: Promise.resolve(),
        };
        running.done = play(whose === 'demo', stopped)
          .catch((error) => {
            if (!stopped.signal.aborted) onError(error);
          })
          .finally(() => {
            running = undefined;
          });
        return true;
      } finally {
        isStarting = false;
      }
    },
    stop() {
      running?.stopped.abort();
    },
    async end() {
      running?.stopped.abort();
      await running?.done;
    },
  };
};
