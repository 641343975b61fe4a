import type { Doc } from '../../embedded/mongo/values.ts';
import { createChoice, type Made, makeCommand, makeQuery } from './commands.ts';
import type { HttpAnswer, SentRequest } from './http.ts';
import { CALM, type Weather } from './network.ts';
import { type Plaza, startPlaza } from './plaza.ts';
import { createWorld, type World } from './world.ts';

/** A command as its client saw it: all attempts under one key. */
export type Command = {
  request: SentRequest;
  key: string;
  calledAt: number;
  /** Each answer in the order in which it came, with its time. */
  answers: { at: number; answer: HttpAnswer }[];
  /** The time after which no attempt can have an effect; infinite when an attempt may still arrive. */
  doneAt: number;
};

export type Query = {
  path: string;
  calledAt: number;
  returnedAt: number;
  life: number;
  minimum: number;
  answer: HttpAnswer;
};

/** The answers that clients saw, and the contents of the stores after everything has come to rest. */
export type History = { commands: Command[]; queries: Query[]; world: World; plaza: Plaza; isAtRest: boolean };

export type SimulationOptions = {
  seed: string;
  /** Commands and queries of clients. */
  operations: number;
  /** Left out faults; the reducer finds those that a failure does not need. */
  without?: readonly Fault[];
  onLine?: (line: string) => void;
};

export const FAULTS = ['weather', 'crashes', 'pauses', 'subscriptions'] as const;
export type Fault = (typeof FAULTS)[number];

const CLIENTS = 32;
const THINK = 15;
const START_WITHIN = 4_000;
const MOST_TRIES = 8;
/** The longest time that clients can set, except for showings that start a day later. */
const LONGEST = 2 * 3_600_000;
/** How often everything may come to rest before the last timer is due. */
const MOST_RESTS = 200;
/** Virtual milliseconds for everything to come to rest. */
const REST_WITHIN = 60_000;

const isUndecided = (answer: HttpAnswer | undefined): boolean => answer === undefined || answer.status >= 500;

/** Runs one world: clients and faults, then rest. */
export const simulate = async ({ seed, operations, without = [], onLine }: SimulationOptions): Promise<History> => {
  const world = createWorld(seed, onLine);
  const plaza = startPlaza(world);
  const { random } = world;
  const choice = createChoice(random, world.now, () => world.time);
  const commands: Command[] = [];
  const queries: Query[] = [];
  const [one, two] = plaza.sides as [Plaza['sides'][number], Plaza['sides'][number]];
  const readApi = plaza.sides.at(-1)!;
  let left = operations;
  let keys = 0;
  let clients = CLIENTS;

  const think = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => world.after(random.next() * 2 * milliseconds, 'client goes on', resolve));

  const command = async (seen: { position: number }): Promise<void> => {
    const { makes, ...made }: Made = makeCommand(choice);
    const key = `key-${keys++}`;
    const request = { ...made, headers: { 'Idempotency-Key': key } };
    const sent: Command = { request, key, calledAt: world.time, answers: [], doneAt: 0 };
    commands.push(sent);
    const isRepeated = random.chance(0.1);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const { answer, mayCome } = await plaza.send(random.chance(0.8) ? one : two, request);
      if (mayCome) sent.doneAt = Number.POSITIVE_INFINITY;
      if (answer) {
        sent.answers.push({ at: world.time, answer });
        if (answer.headers['event-position'])
          seen.position = Math.max(seen.position, Number(answer.headers['event-position']));
      }
      if (!isUndecided(answer)) {
        if (makes && answer!.status < 300) choice.add(makes.kind, makes.id);
        if (!isRepeated || tries > 0) break;
      }
      if (isUndecided(answer) && random.chance(0.1)) break;
      await think(200);
    }
    sent.doneAt = Math.max(sent.doneAt, world.time);
  };

  const query = async (seen: { position: number }): Promise<void> => {
    const path = makeQuery(choice);
    const minimum = random.chance(0.4) ? seen.position : 0;
    const headers = minimum > 0 ? { 'Min-Event-Position': `${minimum}`, Prefer: 'wait=1' } : {};
    const calledAt = world.time;
    const { life } = readApi;
    const { answer } = await plaza.send(readApi, { method: 'GET', path, headers });
    if (answer) queries.push({ path, calledAt, returnedAt: world.time, life, minimum, answer });
  };

  const client = async (): Promise<void> => {
    const seen = { position: 0 };
    await think(500);
    while (left > 0) {
      left -= 1;
      await (random.chance(0.8) ? command(seen) : query(seen));
      await think(THINK);
    }
    clients -= 1;
  };

  let isStormy = true;
  const level = random.next() * 0.04;
  const storm: Weather = { lost: level, answerLost: level, late: level, slow: level / 2 };
  // In most worlds the views are built before the faults begin.
  await world.runUntil(random.chance(0.9) ? START_WITHIN : 0);
  if (!without.includes('weather')) plaza.network.weather = storm;

  const faultEvery = (fault: Fault, milliseconds: number, strike: () => void): void => {
    const next = () =>
      world.after(random.next() * 2 * milliseconds, fault, () => {
        if (!isStormy) return;
        if (!without.includes(fault)) strike();
        next();
      });
    next();
  };
  const running = () => plaza.sides.filter(({ process }) => process.isAlive);
  faultEvery('crashes', 1_500 + random.next() * 4_000, () => {
    if (running().length === 0) return;
    const side = random.pick(running());
    plaza.crash(side);
    world.after(random.next() * 2_000, 'restart', () => plaza.restart(side));
  });
  faultEvery('pauses', 2_500, () => {
    if (running().length > 0) plaza.pause(random.pick(running()), random.next() ** 3 * 8_000);
  });
  faultEvery('subscriptions', 1_500, plaza.eventStore.breakSubscription);

  for (let index = 0; index < CLIENTS; index++) void client();
  await world.runWhile(() => clients > 0, Number.POSITIVE_INFINITY);

  isStormy = false;
  plaza.network.weather = CALM;
  return { commands, queries, world, plaza, isAtRest: await rest(plaza, world) };
};

/**
 * Lets everything come to rest. Whenever nothing is left to do, the clocks go ahead to the next timer.
 * @returns whether it did come to rest
 */
const rest = async (plaza: Plaza, world: World): Promise<boolean> => {
  const last = world.now() + LONGEST;
  for (let rests = 0; rests < MOST_RESTS; rests++) {
    const by = world.time + REST_WITHIN;
    do await world.runUntil(world.time + 500);
    while (world.time < by && !isAtRest(plaza, world));
    if (!isAtRest(plaza, world)) return false;
    const next = Math.min(...plaza.documents.read('schedule').map(({ dueAt }) => (dueAt as Date).getTime()));
    if (next > last) return true;
    world.leap(next + 1 - world.now());
  }
  return false;
};

/** Returns whether every consumer has handled every event and no task is due. */
const isAtRest = ({ documents, eventStore }: Plaza, world: World): boolean => {
  const isBehind = ({ commit }: Doc) => Number(commit) < eventStore.tail;
  const isDue = ({ dueAt }: Doc) => (dueAt as Date).getTime() <= world.now();
  return !documents.read('checkpoints').some(isBehind) && !documents.read('schedule').some(isDue);
};
