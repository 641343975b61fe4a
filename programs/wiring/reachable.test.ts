import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { reportUnreachable } from './reachable.ts';

const NAME = 'MONGODB_URL=mongodb://127.0.0.1:27017';
let lines: string[];
let ask: () => Promise<unknown>;

const refused = () => Promise.reject(new Error('connect ECONNREFUSED'));
const answers = async () => 'pong';

/** Watches a store. @returns a function that lets seconds pass */
const watch = (patience?: number) => {
  const log = {
    warn: (line: string) => void lines.push(`warn ${line}`),
    error: (line: string) => void lines.push(`error ${line}`),
  };
  onTestFinished(reportUnreachable('MONGODB_URL=mongodb://user:secret@127.0.0.1:27017', () => ask(), log, patience));
  return (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);
};

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  lines = [];
});

describe('a store that does not answer at the start', () => {
  test('is reported every five seconds, without its password, until it answers', async () => {
    ask = refused;
    const pass = watch();
    await pass(11);
    const report = `warn ${NAME} cannot be reached, trying again: connect ECONNREFUSED`;
    expect(lines).toEqual([report, report, report]);
    ask = answers;
    await pass(60);
    expect(lines.slice(3)).toEqual([`warn ${NAME} answers, after 15 s`]);
  });

  test('is not reported within its patience', async () => {
    ask = refused;
    const pass = watch(30_000);
    await pass(29);
    expect(lines).toEqual([]);
    ask = answers;
    await pass(60);
    expect(lines).toEqual([]);
  });

  test('is reported after its patience, also when it is silent', async () => {
    ask = () => new Promise(() => {});
    const pass = watch(30_000);
    await pass(31);
    expect(lines).toEqual([`warn ${NAME} cannot be reached, trying again: no answer within 30000 ms`]);
  });
});

test('a store that is lost is reported once as an error, and once when it is back', async () => {
  ask = answers;
  const pass = watch();
  await pass(60);
  expect(lines).toEqual([]);
  ask = refused;
  await pass(60);
  expect(lines).toEqual([`error ${NAME} does not answer any more: connect ECONNREFUSED`]);
  ask = answers;
  await pass(60);
  expect(lines.slice(1)).toEqual([expect.stringMatching(/^warn MONGODB_URL=\S+ answers, after (55|60) s$/)]);
});
