import type { RequestListener } from 'node:http';
import { encryptedBy } from '../../platform/event-store/client.ts';
import { streams } from '../../platform/event-store/streams.ts';
import { createApp } from '../../platform/http/app.ts';
import { keyStore } from '../../platform/personal-data/keys.ts';
import { personalData } from '../../platform/personal-data/personal-data.ts';
import { acceptEventStore, readFinding, watchEventStore } from '../../platform/subscriptions/event-store-check.ts';
import {
  contextSchemas,
  messagingContexts,
  projectionsOf,
  readSidesOf,
  writeSidesOf,
} from '../../programs/contexts.ts';
import { openErasing } from '../../programs/wiring/erasing.ts';
import { startProjections } from '../../projections/start.ts';
import { startReadApi } from '../../read-api/start.ts';
import { personalEvents } from '../../schemas/kernel/personal.ts';
import { commandHandler } from '../../write-side/kernel/command-handler.ts';
import { startPolicies } from '../../write-side/policies/run-policies.ts';
import { startWriteSide } from '../../write-side/start.ts';
import { type HttpAnswer, inject, type SentRequest } from './http.ts';
import { createNetwork } from './network.ts';
import type { Process } from './scheduler.ts';
import { createDocuments } from './stores/documents.ts';
import { createEventStore } from './stores/event-store.ts';
import { createPayments } from './stores/payments.ts';
import type { World } from './world.ts';

/** The contexts that a simulation runs. */
const CONTEXTS = ['parking', 'screening', 'food-court', 'cinema', 'bike-rental', 'customers'];
const TIME_ZONE = 'Asia/Seoul';
/** Wraps the keys of the customers. */
export const MASTER_KEY = { id: 'simulated', bytes: Buffer.alloc(32, 7) };
/** The share of worlds in which personal data is encrypted, so that customers can be erased. */
const ENCRYPTING = 0.25;
const SECRET = Buffer.alloc(32, 8);
/** Virtual milliseconds for an orderly end, as a supervisor grants them. */
const KILLED_AFTER = 10_000;
/** Virtual milliseconds between two looks of an operator, and for which they look. */
const LOOKS_EVERY = 500;
const LOOKS_FOR = 20_000;
export const personal = personalEvents(contextSchemas);
const SETTINGS = {
  TIME_ZONE,
  COMMAND_TIMEOUT_MS: 900,
  PAYMENT_ANSWER_MS: 3_000,
  MAX_PAYMENTS: 100,
  HOLD_SECONDS: 10,
  MESSAGE_SMTP_URL: '',
  MESSAGE_WEBHOOK_URL: '',
  MESSAGE_LANGUAGE: 'en',
  MESSAGE_MAX_AGE_HOURS: 24,
  MESSAGE_TIMEOUT_MS: 1_000,
};

const writeSides = await writeSidesOf(CONTEXTS);
const readSides = await readSidesOf(CONTEXTS);
export const projections = await projectionsOf(CONTEXTS, TIME_ZONE);
const contextServices = (await Promise.all(writeSides.map(({ services }) => services?.()))).filter(
  (one) => one !== undefined,
);

/** A side: a process that is started again after each crash, with nothing in its memory. */
export type Side = {
  readonly name: string;
  process: Process;
  /** The app of a side that serves HTTP. */
  app: RequestListener | undefined;
  /** Ends the work of a side that has some beside its requests, as SIGTERM does. */
  stop: (() => Promise<void>) | undefined;
  /** The number of starts. */
  life: number;
};

/** The answer that a client gets to a request. */
export type Reply = { answer: HttpAnswer | undefined; mayCome: boolean };

/** A Plaza of several processes in a simulated world. */
export const startPlaza = (world: World) => {
  const network = createNetwork(world);
  const eventStore = createEventStore(world, network);
  const documents = createDocuments(world, network);
  const payments = createPayments(network);
  /** Errors that neither a client's request nor a fault explains. */
  const errors: string[] = [];
  const noteErrorOf = (process: Process) => (error: unknown) =>
    void errors.push(`${process.name}: ${String((error as Error)?.stack ?? error)}`);
  const { random } = world;

  const isEncrypting = random.chance(ENCRYPTING);

  /** Connects a process to both stores, in some worlds with the keys of the customers. */
  const connect = (process: Process) => {
    const db = documents.dbFor(process);
    if (!isEncrypting) return { client: eventStore.clientFor(process), db };
    const keys = keyStore(db, [MASTER_KEY]);
    const encryption = personalData({ keys, personal });
    const client = encryptedBy(eventStore.clientFor(process), encryption);
    const erasing = openErasing({
      client,
      db,
      keys: { keys, personal: encryption },
      contexts: writeSides,
      settings: SETTINGS,
    });
    return { client, db, erasing, secret: SECRET };
  };

  const mains: Record<string, (process: Process) => Pick<Side, 'app'> | Pick<Side, 'stop'>> = {
    'write-side': (process) => {
      const own = payments.connectionOf(process);
      const { client, db, erasing, secret } = connect(process);
      const eventStoreWatch = watchEventStore({ client, db, onError: () => {} });
      const writeSide = startWriteSide({
        client,
        secret,
        finding: eventStoreWatch.finding,
        contexts: writeSides,
        timeZone: TIME_ZONE,
        answerWithin: SETTINGS.COMMAND_TIMEOUT_MS,
        maxBusy: 5_000,
        steps: Object.assign(
          {},
          ...writeSides.map(({ steps }) => steps),
          ...contextServices.map(({ commands }) => commands?.(SETTINGS, { payments: () => own, erasing })),
        ),
        onError: noteErrorOf(process),
      });
      eventStoreWatch.onChange(writeSide.forget);
      const app = createApp([writeSide.router], [], noteErrorOf(process));
      return { app };
    },
    policies: (process) => {
      const own = payments.connectionOf(process);
      const { client, db, erasing, secret } = connect(process);
      const store = streams(client);
      const opened = contextServices.map(({ processes }) =>
        processes(SETTINGS, { payments: () => own, store, messaging: messagingContexts, erasing }),
      );
      return startPolicies({
        client,
        db,
        policies: writeSides.flatMap(({ policies }) => policies),
        timers: writeSides.flatMap(({ timers = [] }) => timers),
        processes: { managers: opened.flatMap(({ managers }) => managers) },
        handler: commandHandler({
          store,
          contexts: writeSides,
          timeZone: TIME_ZONE,
          secret,
          onError: noteErrorOf(process),
        }),
        schemas: contextSchemas,
        log: (line) => world.note(`${process.name}: ${line}`),
      });
    },
    projections: (process) => {
      const { client, db } = connect(process);
      return startProjections({
        client,
        db,
        projections,
        log: (line) => world.note(`${process.name}: ${line}`),
      });
    },
    'read-api': (process) => {
      const db = documents.dbFor(process);
      const readApi = startReadApi({
        db,
        eventStore: watchEventStore({ db, onError: () => {} }),
        contexts: readSides,
        timeZone: TIME_ZONE,
        version: 'simulated',
        onError: noteErrorOf(process),
      });
      const app = createApp(
        readApi.routers,
        readSides.map(({ schema }) => schema),
        noteErrorOf(process),
      );
      return { app };
    },
  };

  const begin = (side: Side, skew: number): void => {
    side.life += 1;
    side.process = world.start(`${side.name}.${side.life}`, skew, (process) => {
      Object.assign(side, { app: undefined, stop: undefined }, mains[side.name.replace(/-\d$/, '')]!(process));
    });
  };

  const sideOf = (name: string): Side => {
    const side: Side = { name, process: undefined as never, app: undefined, stop: undefined, life: 0 };
    begin(side, random.below(1_000) - 500);
    return side;
  };

  const sides = [
    'write-side-1',
    'write-side-2',
    'policies-1',
    'policies-2',
    'projections-1',
    'projections-2',
    'read-api-1',
  ].map(sideOf);

  /** Gives a request to a side, if it is up when the request arrives. */
  const deliver = (side: Side, request: SentRequest, onAnswer: (answer: HttpAnswer) => void): void => {
    const { process, app } = side;
    if (!process.isAlive || !app) return;
    const what = `${request.method} ${request.path}`;
    world.after(0, what, () => void inject(app, request).then(onAnswer), process);
  };

  /**
   * Sends a request of a client to a side. Nobody answers for a side that is down, or that crashes before it answers.
   * @param other the side to which the request goes too when a gateway repeats it
   * @param within milliseconds for which the client waits
   * @returns no answer if none came; whether the request may arrive, or arrive again, later
   */
  const send = (side: Side, request: SentRequest, other = side, within = 2_000): Promise<Reply> =>
    new Promise((resolve) => {
      const { lost, answerLost } = network.weather;
      const isDoubled = random.chance(answerLost);
      const timeout = world.after(within, 'client gives up', () => resolve({ answer: undefined, mayCome: true }));
      if (random.chance(lost)) return;
      const onAnswer = (answer: HttpAnswer) => {
        if (random.chance(answerLost)) return;
        world.after(network.way(), `client gets ${answer.status}`, () => {
          world.cancel(timeout);
          resolve({ answer, mayCome: isDoubled });
        });
      };
      world.after(network.way(), `request to ${side.name}`, () => deliver(side, request, onAnswer));
      if (!isDoubled) return;
      const later = network.way() * (random.chance(0.5) ? 1 : 20);
      world.after(later, `the same request to ${other.name}`, () => deliver(other, request, onAnswer));
    });

  /** An operator looks until the finding is there, and accepts the event store. */
  const decide = (): void => {
    const look = async (process: Process): Promise<void> => {
      const again = () => void world.after(LOOKS_EVERY, 'the operator looks again', () => void look(process), process);
      const db = documents.dbFor(process);
      try {
        if (await readFinding(db)) {
          await acceptEventStore(eventStore.clientFor(process), db);
          plaza.restored = { at: world.time, isOfEvents: true };
        } else if (world.time < until) again();
      } catch {
        again();
      }
    };
    const until = world.time + LOOKS_FOR;
    world.start('operator', 0, (process) => void look(process));
  };

  const plaza = {
    isEncrypting,
    /** When a store went back to an older copy, or such an event store was accepted, and which it is. */
    restored: undefined as { at: number; isOfEvents: boolean } | undefined,
    decide,
    network,
    eventStore,
    documents,
    payments,
    errors,
    sides,
    send,
    crash(side: Side): void {
      world.note(`${side.process.name} crashes`);
      side.process.isAlive = false;
      side.app = undefined;
    },
    /** Ends a side in order, and kills it if that takes too long. */
    end(side: Side, onEnded: () => void): void {
      const { process, stop } = side;
      if (!stop) return;
      world.note(`${process.name} ends`);
      side.stop = undefined;
      const die = () => {
        if (!process.isAlive) return;
        process.isAlive = false;
        onEnded();
      };
      world.after(0, 'end', () => void stop().then(die), process);
      world.after(KILLED_AFTER, 'kill', die);
    },
    restart(side: Side): void {
      begin(side, random.below(1_000) - 500);
    },
    slowDown: (side: Side, milliseconds: number): void => network.slowDown(side.process, milliseconds),
    pause(side: Side, milliseconds: number): void {
      world.note(`${side.process.name} is paused for ${milliseconds.toFixed()} ms`);
      side.process.pausedUntil = world.time + milliseconds;
    },
  };
  return plaza;
};

export type Plaza = ReturnType<typeof startPlaza>;
