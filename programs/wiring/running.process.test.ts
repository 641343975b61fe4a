import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { announce, locateStores, runningOn } from './running.ts';
import { readSettings } from './settings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plaza-running-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const locate = (env: Record<string, string> = {}) => locateStores(readSettings({ PLAZA_DATA: folder, ...env }), env);
const run = (env: Record<string, string> = {}) => announce(readSettings({ PLAZA_DATA: folder, ...env }));
const STORES = { EVENTSTORE_URL: 'esdb://events:2113', MONGODB_URL: 'mongodb://views:27017' };
const embedded = { eventStoreUrl: 'esdb://127.0.0.1:5', mongoUrl: 'mongodb://127.0.0.1:6', pid: process.pid };

describe('an operator’s command', () => {
  test('uses the stores of the running Plaza', () => {
    run({ ...STORES, MONGODB_DATABASE: 'city' });
    expect(() => locate()).toThrow('EVENTSTORE_URL must be set as for the Plaza that runs on');
    expect(locate({ ...STORES, MONGODB_DATABASE: 'city' })).toEqual({ ...STORES, MONGODB_DATABASE: 'city' });
  });

  test('uses the embedded and the external store of the running Plaza', () => {
    writeFileSync(join(folder, 'stores.json'), JSON.stringify(embedded));
    run({ MONGODB_DATABASE: 'city' });
    const found = { EVENTSTORE_URL: embedded.eventStoreUrl, MONGODB_URL: embedded.mongoUrl, MONGODB_DATABASE: 'city' };
    expect(locate()).toEqual(found);
    expect(() => locate({ MONGODB_DATABASE: 'town' })).toThrow('MONGODB_DATABASE=town is not that of the Plaza');
    expect(() => locate({ EVENTSTORE_URL: STORES.EVENTSTORE_URL })).toThrow('is not that of the Plaza that runs');
    run({ MONGODB_URL: 'mongodb://a:geheim@views:27017' });
    expect(() => locate()).toThrow(/^MONGODB_URL must be set .+: mongodb:\/\/views:27017$/);
    expect(locate({ MONGODB_URL: 'mongodb://a:geheim@views:27017' })).toMatchObject({
      EVENTSTORE_URL: embedded.eventStoreUrl,
      MONGODB_URL: 'mongodb://a:geheim@views:27017',
    });
  });

  test('uses the stores of a folder on which no Plaza runs, and refuses an empty folder', () => {
    expect(() => locate()).toThrow(
      /^There is no Plaza's data in .+: set PLAZA_DATA, or EVENTSTORE_URL and MONGODB_URL/,
    );
    expect(() => locate({ EVENTSTORE_URL: STORES.EVENTSTORE_URL })).toThrow('MONGODB_URL must be set too');
    writeFileSync(join(folder, 'events.sqlite'), '');
    expect(locate()).toMatchObject({ EVENTSTORE_URL: '', MONGODB_URL: '' });
  });

  test('ignores a Plaza that has ended or crashed', async () => {
    run(STORES)();
    expect(runningOn(folder)).toBeUndefined();
    const child = spawn(process.execPath, ['--version']);
    await once(child, 'exit');
    run(STORES);
    writeFileSync(join(folder, 'plaza.json'), JSON.stringify({ ...runningOn(folder), pid: child.pid }));
    expect(runningOn(folder)).toBeUndefined();
  });
});
