import type { HttpAnswer, SentRequest } from '../http.ts';
import type { Plaza, Side } from '../plaza.ts';
import type { World } from '../world.ts';
import { createChoice } from './choice.ts';
import { makeCommand, makeQuery } from './commands.ts';

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

const CLIENTS = 32;
const MOST_TRIES = 8;

const isUndecided = (answer: HttpAnswer | undefined): boolean => answer === undefined || answer.status >= 500;

/** Runs clients until they have made some operations. Each world draws the habits that all its clients share. */
export const runClients = async (world: World, plaza: Plaza, operations: number) => {
  const { random } = world;
  const choice = createChoice(random, world.now, () => world.time);
  const commands: Command[] = [];
  const queries: Query[] = [];
  const [one, two] = plaza.sides as [Side, Side];
  const readApi = plaza.sides.at(-1)!;
  const habits = {
    think: random.pick([3, 15, 60]),
    /** How often a request goes to the first write side. */
    first: random.pick([0.5, 0.8, 0.95]),
    /** How often a client repeats a command that was answered, and after how many milliseconds. */
    repeats: random.pick([0.05, 0.1, 0.3]),
    again: random.pick([5, 200]),
  };
  let left = operations;
  let keys = 0;
  let clients = CLIENTS;

  const think = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => world.after(random.next() * 2 * milliseconds, 'client goes on', resolve));

  const command = async (seen: { position: number }): Promise<void> => {
    const { makes, ...made } = makeCommand(choice);
    const key = `key-${keys++}`;
    const request = { ...made, headers: { 'idempotency-key': key } };
    const sent: Command = { request, key, calledAt: world.time, answers: [], doneAt: 0 };
    commands.push(sent);
    const isRepeated = random.chance(habits.repeats);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const [side, other] = random.chance(habits.first) ? [one, two] : [two, one];
      const { answer, mayCome } = await plaza.send(side, request, random.pick([side, other]));
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
      await think(habits.again);
    }
    sent.doneAt = Math.max(sent.doneAt, world.time);
  };

  const query = async (seen: { position: number }): Promise<void> => {
    const path = makeQuery(choice);
    const minimum = random.chance(0.4) ? seen.position : 0;
    const headers: Record<string, string> = minimum > 0 ? { 'min-event-position': `${minimum}`, prefer: 'wait=1' } : {};
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
      await think(habits.think);
    }
    clients -= 1;
  };

  for (let index = 0; index < CLIENTS; index++) void client();
  await world.runWhile(() => clients > 0, Number.POSITIVE_INFINITY);
  return { commands, queries };
};
