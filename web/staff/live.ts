import { type EventSourceMessage, EventSourceParserStream } from 'eventsource-parser/stream';
import type { Static } from 'typebox';
import type { Activity } from '../../schemas/kernel/activity.ts';
import type { ProjectionStatus } from '../../schemas/kernel/control-center.ts';
import { get, getChanged, methodsOf, type Problem, RefusedError, request, type Tagged } from '../common/api.ts';
import { createStore } from '../common/store.ts';
import type { HappenedEvent } from './context.ts';
import { contextViews } from './contexts/index.ts';
import { type CurrentAt, currentAfter } from './current.ts';
import { mergeEvents } from './events.ts';

export type Projection = Static<typeof ProjectionStatus>;

/** GET /control-center */
export type Overview = {
  time: string;
  position: string;
  contexts: Readonly<Record<string, object | null>>;
  events: readonly HappenedEvent[];
  eventCursor: string;
  projections: readonly Projection[];
};

/** The last overview; undefined before the first. */
export const overview = createStore<Overview | undefined>(undefined);

/** Why the last read of the overview failed. */
export const overviewProblem = createStore<Problem | undefined>(undefined);

/** The latest events, newest first. */
export const latest = createStore<readonly HappenedEvent[]>([]);

export type Activities = Readonly<Record<string, Activity | null>>;
export const activities = createStore<Activities>({});

/** The state of the connection: the last answer of the read side, and whether commands are accepted. */
export type Connection = { heardAt: number; isStreaming: boolean; takesCommands: boolean; currentAt: CurrentAt };
export const connection = createStore<Connection>({
  heardAt: Date.now(),
  isStreaming: false,
  takesCommands: true,
  currentAt: {},
});

const connectionIs = (change: Partial<Connection>): void => connection.set({ ...connection.get(), ...change });

type Listener = (event: HappenedEvent) => void;
const listeners = new Set<Listener>();

/** Calls a listener with every event. @returns a function that removes it */
export const onEvent = (listener: Listener): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** Counts the ends of outages. Every open page reads its data again when it changes. */
export const recoveries = createStore(0);

const KEPT_EVENTS = 100;
/** Milliseconds between two reads of the overview: with events, and without. */
const BUSY = 250;
const QUIET = 2000;
const ACTIVITY_EVERY = 10_000;
/** Milliseconds from an event until the plots are read again. */
const ACTIVITY_AFTER = 1000;
const COMMANDS_EVERY = 3000;
/** Milliseconds until a broken stream is reopened; doubled after each failure. */
const REOPEN = { first: 1000, most: 15_000 };

/**
 * Events that arrived since the last overview. They are shown together with the next one, so that counts match events.
 */
let arrived: HappenedEvent[] = [];
let reading = false;
let lastRead: Tagged<Overview> | undefined;

/** When the last overview was read, in milliseconds since 1970; its seconds count until then. */
export let readAt = Date.now();

/** Whether the last read of the overview failed. */
let isLost = false;
let timer: ReturnType<typeof setTimeout> | undefined;
let hasEnded = new AbortController().signal;

const readOverview = async (): Promise<void> => {
  clearTimeout(timer);
  if (reading) return;
  reading = true;
  const news = arrived;
  arrived = [];
  try {
    const reached = news.at(-1)?.position;
    const read = reached === undefined ? await getChanged('/control-center', lastRead) : undefined;
    const isSame = read !== undefined && read === lastRead;
    lastRead = read;
    const next = read?.body ?? (await get<Overview>('/control-center', reached));
    if (!isSame) {
      readAt = Date.now();
      overview.set(next);
    }
    latest.set(mergeEvents(latest.get(), [...next.events, ...news], KEPT_EVENTS));
    const heardAt = Date.now();
    connectionIs({ heardAt, currentAt: currentAfter(connection.get().currentAt, next.projections, heardAt) });
    if (isLost) recoveries.set(recoveries.get() + 1);
    isLost = false;
    overviewProblem.set(undefined);
    if (stream === undefined) void follow(next.eventCursor);
    else if (isBehind(next)) stream.abort();
  } catch (error) {
    isLost = true;
    if (error instanceof RefusedError) overviewProblem.set(error.problem);
    latest.set(mergeEvents(latest.get(), news, KEPT_EVENTS)); // The banner shows how long the last answer is ago.
  }
  reading = false;
  if (!hasEnded.aborted) timer = setTimeout(readOverview, arrived.length > 0 ? BUSY : QUIET);
};

/** Reads the overview soon after an event. */
const somethingHappened = (): void => {
  if (reading) return;
  clearTimeout(timer);
  timer = setTimeout(readOverview, 20); // Events arrive in bursts.
};

/** Ends the current stream, which is then reopened at its position. */
let stream: AbortController | undefined;
let streamedTo = '';
let quietReadings = 0;

/** Forgets what was read: it is not in the log that Plaza has now. */
const startOver = (): void => {
  arrived = [];
  lastRead = undefined;
  latest.set([]);
  recoveries.set(recoveries.get() + 1);
  somethingHappened();
};

const take = ({ event: kind, data, id = streamedTo }: EventSourceMessage): void => {
  streamedTo = id;
  quietReadings = 0;
  if (kind === 'reset') {
    startOver();
    return;
  }
  const event = JSON.parse(data) as HappenedEvent;
  arrived.push(event);
  for (const listener of [...listeners]) listener(event);
  somethingHappened();
};

/** Receives events for as long as the stream lasts. @throws when it is refused or breaks */
const readStream = async (signal: AbortSignal): Promise<void> => {
  const path = `/control-center/events?after=${encodeURIComponent(streamedTo)}`;
  const { body } = await request(path, { signal, headers: { Accept: 'text/event-stream' } });
  if (!body) return;
  connectionIs({ isStreaming: true });
  const messages = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()).getReader();
  for (;;) {
    const { value, done } = await messages.read();
    if (done) return;
    take(value);
  }
};

/** Ends the pause before the stream is reopened. */
let endWait = (): void => {};

/** Tries at once what the page would try again later. */
export const tryNow = (): void => {
  endWait();
  recoveries.set(recoveries.get() + 1);
  void readOverview();
  void askForCommands();
};

/** Replaces EventSource, which cannot send a token. */
const follow = async (after: string): Promise<void> => {
  streamedTo = after;
  let wait = REOPEN.first;
  while (!hasEnded.aborted) {
    stream = new AbortController();
    await readStream(AbortSignal.any([stream.signal, hasEnded])).catch(() => {}); // It is reopened below.
    if (connection.get().isStreaming) wait = REOPEN.first;
    connectionIs({ isStreaming: false });
    await new Promise<void>((resolve) => {
      endWait = resolve;
      setTimeout(resolve, wait * (0.75 + Math.random() / 2)); // Spreads the reconnections of many pages.
    });
    wait = Math.min(wait * 2, REOPEN.most);
  }
};

/** Returns whether the stream lacks events of the overview: a connection can be dead without an error. */
const isBehind = ({ events: [newest] }: Overview): boolean => {
  const [position = '-1'] = streamedTo.split(';');
  quietReadings = newest && BigInt(newest.position) > BigInt(position) ? quietReadings + 1 : 0;
  if (quietReadings < 3) return false;
  quietReadings = 0;
  return true;
};

let lastActivities: Tagged<{ contexts: Activities }> | undefined;

const readActivities = async (): Promise<void> => {
  try {
    lastActivities = await getChanged('/control-center/activity', lastActivities);
    activities.set(lastActivities.body.contexts);
  } catch {
    // The plots stay unchanged; the banner shows the outage.
  }
};

const askForCommands = async (): Promise<void> => {
  const [any] = contextViews.filter(({ name }) => Object.hasOwn(overview.get()?.contexts ?? {}, name));
  if (any) connectionIs({ takesCommands: (await methodsOf(any.all)) !== undefined });
};

/** Records whether commands are accepted. */
export const commandsAre = (taken: boolean): void => connectionIs({ takesCommands: taken });

/** Follows the overview, plots and events. @returns a function that stops it */
export const start = (): (() => void) => {
  const end = new AbortController();
  hasEnded = end.signal;
  void readOverview().then(readActivities);
  const timers = [setInterval(readActivities, ACTIVITY_EVERY), setInterval(askForCommands, COMMANDS_EVERY)];
  let isDue = false;
  const unheard = onEvent(() => {
    if (isDue) return;
    isDue = true;
    setTimeout(() => {
      isDue = false;
      void readActivities();
    }, ACTIVITY_AFTER);
  });
  return () => {
    end.abort();
    unheard();
    clearTimeout(timer);
    for (const each of timers) clearInterval(each);
    connectionIs({ isStreaming: false });
  };
};
