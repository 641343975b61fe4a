import { MongoServerError, MongoServerSelectionError } from 'mongodb';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { WriteConflictError } from './consumer.ts';
import { SlowError, type Troubles, troublesOf } from './trouble.ts';

let lines: string[];
let troubles: Troubles;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  lines = [];
  troubles = troublesOf('projections', (line, level = 'info') => void lines.push(`${level} ${line}`));
});

const full = () => new MongoServerError({ message: 'out of disk space: database or disk is full', code: 14_031 });
const away = (reason = 'connect ECONNREFUSED') => new MongoServerSelectionError(reason, {} as never);

it('logs a full disk as an error once for all that wait, and once when the last one is well', async () => {
  for (let attempt = 0; attempt < 300; attempt++) {
    for (const who of ['parking.lots', 'parking.coupons', 'projections']) troubles.note(who, full());
    vi.advanceTimersByTime(100);
  }
  expect(lines).toEqual(['error parking.lots: out of disk space: database or disk is full']);
  expect(await troubles.disk()).toMatchObject({ ok: false });
  troubles.over('parking.lots');
  troubles.over('projections');
  expect(await troubles.disk()).toMatchObject({ ok: false });
  troubles.over('parking.coupons');
  expect(lines.slice(1)).toEqual([
    'warn projections: over after 30.0 s: parking.lots: out of disk space: database or disk is full',
  ]);
  expect(await troubles.disk()).toEqual({ ok: true });
});

it('logs a store that does not answer once, whatever the error of an attempt', async () => {
  for (const reason of ['connection 12 closed', 'connection 13 closed']) troubles.note('a', away(reason));
  troubles.note('b', away());
  troubles.over('a');
  troubles.over('b');
  expect(lines).toEqual([
    'warn a: connection 12 closed',
    'warn projections: over after 0.0 s: a: connection 12 closed',
  ]);
  expect(await troubles.disk()).toEqual({ ok: true });
});

it('logs a trouble that comes and goes no more often than every ten seconds, and one that lasts in any case', () => {
  for (let time = 0; time < 30; time++) {
    troubles.note('a', new WriteConflictError('changed'));
    troubles.over('a');
    vi.advanceTimersByTime(1_000);
  }
  expect(lines.filter((line) => line === 'info a: changed')).toHaveLength(3);
  troubles.note('a', away());
  troubles.over('a');
  lines.length = 0;
  for (let time = 0; time < 11; time++) {
    troubles.note('a', away());
    vi.advanceTimersByTime(1_000);
  }
  expect(lines).toEqual(['warn a: connect ECONNREFUSED']);
});

it('logs each event that a consumer cannot handle as an error, and keeps those of keys apart', () => {
  troubles.note('a', new Error('no such lot'), 'lot-1');
  troubles.note('a', new Error('no such spot'), 'lot-2');
  troubles.note('b', new Error('no such lot'));
  troubles.note('a', new Error('no such lot'), 'lot-1');
  expect(lines).toEqual(['error a: no such lot', 'error a: no such spot', 'error b: no such lot']);
  lines.length = 0;
  troubles.over('a', 'lot-1');
  troubles.over('a', 'lot-3');
  expect(lines).toEqual(['warn projections: over after 0.0 s: a: no such lot']);
});

it('logs slow consumers once a minute', () => {
  for (let second = 0; second < 120; second++) {
    for (const who of ['a', 'b']) troubles.note(who, new SlowError('at work for longer than 1000 ms'));
    for (const who of ['a', 'b']) troubles.over(who);
    vi.advanceTimersByTime(1_000);
  }
  expect(lines).toEqual(Array(2).fill('info a: at work for longer than 1000 ms'));
});
