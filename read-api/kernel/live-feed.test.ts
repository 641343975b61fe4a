import { lastValueFrom, take, takeWhile, tap, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import type { EventCursor } from './event-cursor.ts';
import type { EventLog, LoggedEvent } from './event-log.ts';
import { liveFeed } from './live-feed.ts';

const event = (position: bigint): LoggedEvent => ({ context: 'parking', position, entry: { position: `${position}` } });
const at = (cursor: EventCursor): bigint => cursor.get('parking')!;

/** A log that gains one event with every read, and fails on request. */
const growingLog = (fails: (read: number) => boolean = () => false) => {
  const log = { reads: 0, head: 0n };
  return {
    log,
    eventLog: {
      async head() {
        log.reads += 1;
        if (fails(log.reads)) throw new Error('the log is unavailable');
        log.head += 1n;
        return new Map([['parking', log.head]]);
      },
      async between(from, to) {
        const events: LoggedEvent[] = [];
        for (let position = at(from) + 1n; position <= at(to); position++) events.push(event(position));
        return { events, to: at(to) > at(from) ? to : from };
      },
      latest: async () => [],
    } satisfies EventLog,
  };
};

it('reads the log once for all subscribers, and only while it has some', async () => {
  const { log, eventLog } = growingLog();
  const feed = liveFeed(eventLog, 1, 5_000);
  expect(log.reads).toBe(0);
  const seen = await Promise.all(Array.from({ length: 5 }, () => lastValueFrom(feed.pipe(take(4), toArray()))));
  for (const steps of seen) expect(steps).toEqual(seen[0]);
  expect(log.reads).toBe(4);
});

it('continues where it was after the log could not be read', async () => {
  const { eventLog } = growingLog((read) => read > 2 && read < 6);
  const steps = await lastValueFrom(liveFeed(eventLog, 1, 5_000).pipe(take(5), toArray()));
  expect(at(steps[0]!.from)).toBe(at(steps[0]!.to));
  for (const [index, step] of steps.slice(1).entries()) expect(step.from).toBe(steps[index]!.to);
  const positions = steps.flatMap(({ messages }) => messages.map(({ event: { position } }) => position));
  expect(positions).toEqual([2n, 3n, 4n, 5n]);
});

it('gives a late subscriber the latest step, so that it misses nothing', async () => {
  const { eventLog } = growingLog();
  const feed = liveFeed(eventLog, 1, 5_000);
  const late = new Promise((resolve) => {
    let count = 0;
    const early = feed.subscribe((step) => {
      count += 1;
      if (count !== 3) return;
      feed.pipe(take(1)).subscribe((first) => {
        resolve([first, step]);
        early.unsubscribe();
      });
    });
  });
  const [first, step] = (await late) as unknown[];
  expect(first).toBe(step);
});

it('goes back to the end of a log that has ended before it for a while, because it was restored', async () => {
  const { log, eventLog } = growingLog();
  const steps = await lastValueFrom(
    liveFeed(eventLog, 1, 20).pipe(
      tap(() => {
        if (log.reads === 3) log.head = -1_000_000n;
      }),
      takeWhile(({ to }) => at(to) > 0n, true),
      toArray(),
    ),
  );
  const last = steps.at(-1)!;
  expect(at(last.to)).toBeLessThan(0n);
  expect([last.from, last.messages]).toEqual([last.to, []]);
  expect(steps.slice(3, -1).flatMap(({ messages }) => messages)).toEqual([]);
});
