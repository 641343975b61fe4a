import type { Static } from 'typebox';
import type { Activity } from '../../schemas/kernel/activity.ts';
import type { ProjectionStatus } from '../../schemas/kernel/control-center.ts';
import { get, takesCommands } from './api.ts';
import type { HappenedEvent } from './context.ts';
import { contextViews } from './contexts/index.ts';
import { mergeEvents } from './events.ts';
import { createStore } from './store.ts';

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

/** What the page last heard of the whole; undefined until it has heard anything. */
export const overview = createStore<Overview | undefined>(undefined);

/** The latest events, newest first. */
export const latest = createStore<readonly HappenedEvent[]>([]);

export type Activities = Readonly<Record<string, Activity | null>>;
export const activities = createStore<Activities>({});

/** How the page is connected: when it heard from the read side last, and whether commands are taken. */
export type Connection = { heardAt: number; isStreaming: boolean; takesCommands: boolean };
export const connection = createStore<Connection>({ heardAt: Date.now(), isStreaming: false, takesCommands: true });

const connectionIs = (change: Partial<Connection>): void => connection.set({ ...connection.get(), ...change });

type Listener = (event: HappenedEvent) => void;
const listeners = new Set<Listener>();

/** Tells of every event as it comes. @returns what ends it */
export const onEvent = (listener: Listener): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

const KEPT_EVENTS = 100;
/** Milliseconds between two readings of the overview: while things happen, and while nothing does. */
const BUSY = 250;
const QUIET = 2000;
const ACTIVITY_EVERY = 10_000;
/** Milliseconds from an event until the plots show it. */
const ACTIVITY_AFTER = 1000;
const COMMANDS_EVERY = 3000;
/** Milliseconds until a stream that broke off is opened again. */
const REOPEN = 1000;

/** Events that came and are shown with the overview that covers them, so that what is left fits to what happened. */
let arrived: HappenedEvent[] = [];
let reading = false;
let timer: ReturnType<typeof setTimeout> | undefined;

const readOverview = async (): Promise<void> => {
  clearTimeout(timer);
  if (reading) return;
  reading = true;
  const news = arrived;
  arrived = [];
  try {
    const next = await get<Overview>('/control-center', news.at(-1)?.position);
    overview.set(next);
    latest.set(mergeEvents(latest.get(), [...next.events, ...news], KEPT_EVENTS));
    connectionIs({ heardAt: Date.now() });
    if (stream === undefined) openStream(next.eventCursor);
    else if (isBehind(next)) reopenStream();
  } catch {
    latest.set(mergeEvents(latest.get(), news, KEPT_EVENTS)); // The banner tells for how long nothing was heard.
  }
  reading = false;
  timer = setTimeout(readOverview, arrived.length > 0 ? BUSY : QUIET);
};

/** Reads the overview soon: something has happened. */
const somethingHappened = (): void => {
  if (reading) return;
  clearTimeout(timer);
  timer = setTimeout(readOverview, 20); // Events come in flocks.
};

let stream: EventSource | undefined;
let streamedTo = '';
let quietReadings = 0;

const take = ({ data, lastEventId }: MessageEvent<string>): void => {
  streamedTo = lastEventId;
  quietReadings = 0;
  const event = JSON.parse(data) as HappenedEvent;
  arrived.push(event);
  for (const listener of [...listeners]) listener(event);
  somethingHappened();
};

/** The browser opens a stream that broke off again by itself, where it was; one that was refused it gives up. */
const openStream = (after: string): void => {
  streamedTo = after;
  const opened = new EventSource(`/control-center/events?after=${encodeURIComponent(after)}`);
  stream = opened;
  opened.onopen = () => connectionIs({ isStreaming: true });
  opened.onmessage = take;
  opened.onerror = () => {
    connectionIs({ isStreaming: false });
    if (opened.readyState === EventSource.CLOSED) setTimeout(reopenStream, REOPEN, opened);
  };
};

const reopenStream = (broken = stream): void => {
  if (broken !== stream) return;
  stream?.close();
  openStream(streamedTo);
};

/** A connection can be dead without anybody having said so: then the overview tells of events that the stream does not. */
const isBehind = ({ events: [newest] }: Overview): boolean => {
  const [position = '-1'] = streamedTo.split(';');
  quietReadings = newest && BigInt(newest.position) > BigInt(position) ? quietReadings + 1 : 0;
  return quietReadings >= 3;
};

const readActivities = async (): Promise<void> => {
  try {
    activities.set((await get<{ contexts: Activities }>('/control-center/activity')).contexts);
  } catch {
    // The plots stay as they are; the banner tells.
  }
};

const askForCommands = async (): Promise<void> => {
  const [any] = contextViews.filter(({ name }) => Object.hasOwn(overview.get()?.contexts ?? {}, name));
  if (any) connectionIs({ takesCommands: await takesCommands(any.all) });
};

/** A command was refused because nobody takes commands, or was taken. */
export const commandsAre = (taken: boolean): void => connectionIs({ takesCommands: taken });

/** Follows the whole from now on, for as long as the page is open. */
export const start = (): void => {
  void readOverview().then(readActivities);
  setInterval(readActivities, ACTIVITY_EVERY);
  setInterval(askForCommands, COMMANDS_EVERY);
  let isDue = false;
  onEvent(() => {
    if (isDue) return;
    isDue = true;
    setTimeout(() => {
      isDue = false;
      void readActivities();
    }, ACTIVITY_AFTER);
  });
};
