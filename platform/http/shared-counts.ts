import type { Store } from 'express-rate-limit';
import type { Collection } from 'mongodb';
import { machine } from '../machine/machine.ts';
import { ticks } from '../machine/ticks.ts';

/** The requests of a client within a window, counted by all processes: `{start of the window} {scope} {client}`. */
export type SharedCount = { _id: string; hits: number };

export type SharedCountsOptions = {
  counts: Collection<SharedCount>;
  /** Processes of one scope count together. */
  scope: string;
  /** Milliseconds; windows begin at multiples of it. */
  windowMs: number;
  /** Called once when the others' counts cannot be read, until they can be again: this process then counts alone. */
  onError(error: unknown): void;
  now?: () => number;
};

export type SharedCounts = Store & {
  /** Publishes this process's new counts and reads those of the others. Never rejects. */
  exchange(): Promise<void>;
  /** Stops, after a last exchange. */
  stop(): Promise<void>;
};

type Count = {
  /** The count of all processes at the last exchange. */
  known: number;
  /** Requests counted here since then. */
  news: number;
};

/** Milliseconds between two exchanges. For this long a client can exceed its share by using several processes. */
const EXCHANGE_EVERY = 200;

/**
 * Counts requests of clients together with other processes, over MongoDB. No request waits: each process counts in
 * memory and exchanges new counts in the background. While MongoDB does not answer, each process counts alone.
 */
export const sharedCounts = ({
  counts,
  scope,
  windowMs,
  onError,
  now = machine.now,
}: SharedCountsOptions): SharedCounts => {
  let window = -1;
  let clients = new Map<string, Count>();
  let fresh = new Set<string>();
  let exchanging: Promise<void> | undefined;

  const idOf = (start: number, client: string): string => `${new Date(start).toISOString()} ${scope} ${client}`;

  const current = (): void => {
    const time = now();
    const start = time - (time % windowMs);
    if (start === window) return;
    window = start;
    clients = new Map();
    fresh = new Set();
  };

  const countOf = (client: string): Count => {
    const count = clients.get(client) ?? { known: 0, news: 0 };
    clients.set(client, count);
    return count;
  };

  const shown = ({ known, news }: Count) => ({
    totalHits: known + news,
    resetTime: new Date(window + windowMs),
  });

  /** The last window whose old counts were deleted. */
  let swept = -1;
  const sweep = async (): Promise<void> => {
    if (swept === window) return;
    await counts.deleteMany({ _id: { $lt: new Date(window - windowMs).toISOString() } });
    swept = window;
  };

  const publish = async (): Promise<void> => {
    current();
    if (fresh.size === 0) return;
    const sending = fresh;
    fresh = new Set();
    const sent = [...sending].map((client) => {
      const count = countOf(client);
      const { news } = count;
      count.known += news;
      count.news = 0;
      return { client, count, news, _id: idOf(window, client) };
    });
    const began = window;
    const updates = sent.map(({ news, _id }) => ({
      updateOne: { filter: { _id }, update: { $inc: { hits: news } }, upsert: true },
    }));
    try {
      await counts.bulkWrite(updates, { ordered: false });
    } catch (error) {
      // Sent again with the next exchange. If MongoDB had written it already, it counts twice: the limit errs on the
      // strict side.
      for (const { client, count, news } of sent) {
        count.known -= news;
        count.news += news;
        if (window === began) fresh.add(client);
      }
      throw error;
    }
    const all = await counts.find({ _id: { $in: sent.map(({ _id }) => _id) } }).toArray();
    const hits = new Map(all.map((count) => [count._id, count.hits]));
    for (const { count, _id } of sent) count.known = Math.max(count.known, hits.get(_id) ?? 0);
    await sweep();
  };

  let isAlone = false;
  const publishOrCountAlone = async (): Promise<void> => {
    try {
      await publish();
      isAlone = false;
    } catch (error) {
      if (!isAlone) onError(error);
      isAlone = true;
    }
  };

  const exchange = (): Promise<void> => {
    exchanging ??= publishOrCountAlone().finally(() => {
      exchanging = undefined;
    });
    return exchanging;
  };
  const exchanges = ticks(EXCHANGE_EVERY, { ref: false }).subscribe(() => void exchange());

  return {
    localKeys: false,
    get(client) {
      current();
      const count = clients.get(client);
      return count && shown(count);
    },
    increment(client) {
      current();
      const count = countOf(client);
      count.news += 1;
      fresh.add(client);
      return shown(count);
    },
    decrement(client) {
      current();
      countOf(client).news -= 1;
      fresh.add(client);
    },
    resetKey(client) {
      clients.delete(client);
      fresh.delete(client);
    },
    exchange,
    async stop() {
      exchanges.unsubscribe();
      await exchange();
    },
  };
};
