import { type Db, MongoServerError, MongoServerSelectionError } from 'mongodb';
import { expect, test } from 'vitest';
import { storeNow } from './store-clock.ts';

type Answer = object | Error;

const database = (hello: Answer, serverStatus: Answer): Db =>
  ({
    client: {},
    command: async (command: object) => {
      const answer = 'hello' in command ? hello : serverStatus;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  }) as never;

const HOUR = 3_600_000;
const ahead = () => ({ localTime: new Date(Date.now() + HOUR) });
const hoursAhead = async (db: Db) => Math.round(((await storeNow(db)) - Date.now() + 1_000) / HOUR);
const unauthorized = new MongoServerError({ message: 'not authorized on plaza', code: 13 });
const away = new MongoServerSelectionError('no server', {} as never);

test.each<[string, Answer, Answer, number]>([
  ['by its hello', ahead(), unauthorized, 1],
  ['by its status when its hello has no time', {}, ahead(), 1],
  ["by this process's clock when neither has a time", {}, {}, 0],
  ["by this process's clock when the status may not be read", {}, unauthorized, 0],
])('the time of MongoDB is read %s', async (_, hello, serverStatus, hours) => {
  expect(await hoursAhead(database(hello, serverStatus))).toBe(hours);
});

test('the time of MongoDB is unknown while it does not answer', async () => {
  await expect(storeNow(database(away, ahead()))).rejects.toThrow('no server');
  await expect(storeNow(database({}, away))).rejects.toThrow('no server');
});
