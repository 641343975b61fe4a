import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStorage, type Storage } from './storage.ts';

let folder: string;
let storage: Storage;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'event-store-'));
  storage = openStorage(join(folder, 'events.sqlite'));
});

afterEach(() => {
  storage.close();
  rmSync(folder, { recursive: true });
});

const event = (data: Uint8Array, metadata: Uint8Array = new Uint8Array(0)) => ({
  id: randomUUID().replaceAll('-', ''),
  type: 'Happened',
  isJson: false,
  data,
  metadata,
});

it('opens a file of Plaza 2.0.0, which has no format, and refuses one of another format', () => {
  const file = join(folder, 'other.sqlite');
  const format = (set = '') => {
    const db = new DatabaseSync(file);
    const found = db.prepare(`PRAGMA user_version${set}`).get()?.user_version;
    db.close();
    return found;
  };
  openStorage(file).close();
  expect(format()).toBe(1);
  format(' = 0');
  openStorage(file).close();
  expect(format()).toBe(1);
  format(' = 99');
  expect(() => openStorage(file)).toThrow(/other\.sqlite has format 99; this version reads format 1/);
  expect(format()).toBe(99);
});

it('returns every event byte for byte', () => {
  const blob = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(fc.array(fc.tuple(blob, blob), { minLength: 1, maxLength: 20 }), (contents) => {
      const events = contents.map(([data, metadata]) => event(data, metadata));
      const name = randomUUID();
      const start = storage.end() + 1;
      storage.transaction(() => storage.append(name, 'no_stream', events));
      const page = storage.readStream(name, 'forwards', 0, 100);
      const pages = [page?.events ?? [], storage.readAll('forwards', start, 100)];
      for (const found of pages) {
        expect(found.map(({ id, data, metadata }) => [id, ...[data, metadata].map(Buffer.from)])).toEqual(
          events.map(({ id, data, metadata }) => [id, ...[data, metadata].map(Buffer.from)]),
        );
      }
    }),
    { numRuns: 200 },
  );
});

it('returns the whole log in pages of at most 2 MiB, or of one larger event', () => {
  const sizes = [0, 3_000_000, 10, 900_000, 900_000, 900_000, 2_200_000, 5];
  for (const [n, size] of sizes.entries()) {
    storage.transaction(() => storage.append(`stream-${n}`, 'any', [event(new Uint8Array(size))]));
  }
  const found: number[] = [];
  for (let from = 0; ; ) {
    const page = storage.readAll('forwards', from, 100);
    const last = page.at(-1);
    if (!last) break;
    const bytes = page.map(({ data }) => data.length);
    found.push(...bytes);
    if (bytes.length > 1) expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(2 * 2 ** 20);
    from = last.position + 1;
  }
  expect(found).toEqual(sizes);
});
