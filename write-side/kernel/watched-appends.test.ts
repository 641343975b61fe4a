import { expect, it } from 'vitest';
import type { Streams } from '../../platform/event-store/streams.ts';
import { type Revision, START, StoreUnavailableError } from '../../platform/event-store/types.ts';
import { watchedAppends } from './watched-appends.ts';

it('after an append that failed a write side is not ready until the event store takes a probe, and logs both', async () => {
  let isFull = true;
  const put: string[] = [];
  const takes = async <Result>(result: Result): Promise<Result> => {
    if (isFull) throw new StoreUnavailableError('The disk of the event store is full.');
    return result;
  };
  const disk = {
    append: () => takes({ ok: true, revision: 0n as Revision, position: START }),
    async put(stream) {
      await takes(undefined);
      put.push(stream);
      return 0n as Revision;
    },
  } as Partial<Streams> as Streams;
  const lines: string[] = [];
  const { store, check } = watchedAppends(disk, (line, level = 'info') => void lines.push(`${level} ${line}`));

  expect(await check()).toEqual({ ok: true });
  for (let command = 0; command < 100; command++)
    await expect(store.append('s', [], 'no-stream')).rejects.toThrow(StoreUnavailableError);
  expect(await check()).toEqual({ ok: false, detail: 'takes no events: The disk of the event store is full.' });
  expect(lines).toEqual([
    'error the event store takes no events, commands get 503: The disk of the event store is full.',
  ]);

  isFull = false;
  expect(await check()).toEqual({ ok: true });
  expect(await check()).toEqual({ ok: true });
  expect(put).toEqual(['snapshot-probe']);
  expect(lines.slice(1)).toEqual([expect.stringMatching(/^warn the event store takes events again, after \d+\.\d s$/)]);
});
