/**
 * Documents as of an earlier moment, and the tree of causes around an event, over a history of every context.
 *
 *     npm run bench -- time-machine [--events 1000000] [--requests 2000] [--connections 1]
 *
 * Fills embedded stores in a temporary folder, builds every view, and asks the read API, a process of its own, for
 * random documents as of random positions of the log, and for the causes of random events. Prints a Markdown table.
 */
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Db, MongoClient } from 'mongodb';
import { startEmbeddedStores } from '../embedded/start.ts';
import { connectEventStore, disconnectEventStore } from '../platform/event-store/client.ts';
import { readTail } from '../platform/event-store/tail.ts';
import { contextSchemas, projectionsOf } from '../programs/contexts.ts';
import { rebuild } from '../projections/kernel/rebuild.ts';
import { parameterNames } from '../schemas/kernel/context.ts';
import { historyId, historyView } from '../schemas/kernel/history.ts';
import { startProgram } from '../tests/support/processes.ts';
import { quantile } from './figures.ts';
import { fillWithEverything } from './mixed-history.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    requests: { type: 'string', default: '2000' },
    connections: { type: 'string', default: '1' },
  },
});
const [events, requests, connections] = [values.events, values.requests, values.connections].map(Number) as [
  number,
  number,
  number,
];

type Request = { path: string; headers?: Record<string, string> };

const oneOf = <Item>(items: readonly Item[]): Item => items[randomInt(items.length)]!;

type Entry = { eventId: string; position: string; data: Record<string, string> };

/** Returns entries of every history, each the first one after a random position. */
const entriesOf = async (db: Db, last: number, count: number) => {
  const drawn = await Promise.all(
    contextSchemas.map(async (schema) => {
      const history = db.collection<Entry & { _id: string }>(historyView(schema));
      const found: (Entry | null)[] = [];
      for (let n = 0; n < count; n++)
        found.push(await history.findOne({ _id: { $gte: historyId(BigInt(randomInt(last))) } }));
      return found.flatMap((entry) => (entry ? [{ ...entry, schema }] : []));
    }),
  );
  return drawn.flat();
};

/** Returns requests for documents that an event has changed, each as of a random later position. */
const documentRequests = (entries: Awaited<ReturnType<typeof entriesOf>>, last: number): Request[] => {
  const found = entries.flatMap(({ schema, data, position }) => {
    const queries = Object.values(schema.queries).filter(({ answer }) => answer === 'one');
    const paths = queries.flatMap(({ path }) => {
      const names = parameterNames(path);
      if (names.length === 0 || !names.every((name) => typeof data[name] === 'string')) return [];
      return [path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(data[name]!))];
    });
    if (paths.length === 0) return [];
    const at = Number(position) + randomInt(Math.max(1, last - Number(position)));
    return [{ path: oneOf(paths), headers: { 'As-Of': String(at) } }];
  });
  return Array.from({ length: requests }, () => oneOf(found));
};

const began = performance.now();
const note = (line: string) => console.error(`${((performance.now() - began) / 1000).toFixed(1)} s  ${line}`);

const statuses = new Map<number, number>();

/** @returns the milliseconds of each request */
const timesOf = async (url: string, asked: readonly Request[]): Promise<number[]> => {
  const times: number[] = [];
  const queue = asked.values();
  statuses.clear();
  const work = async () => {
    for (const { path, headers = {} } of queue) {
      const began = performance.now();
      const answer = await fetch(url + path, { headers });
      await answer.arrayBuffer();
      times.push(performance.now() - began);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  return times;
};

const dataFolder = await mkdtemp(join(tmpdir(), 'plaza-bench-'));
const stores = await startEmbeddedStores({ dataFolder });
const client = connectEventStore(stores.eventStoreUrl);
const mongo = await MongoClient.connect(stores.mongoUrl);
try {
  const db = mongo.db('plaza');
  await fillWithEverything(client, events);
  note(`${events} events are stored`);
  const projections = await projectionsOf(
    contextSchemas.map(({ name }) => name),
    'Asia/Seoul',
  );
  await rebuild({ client, db, projections, signal: new AbortController().signal });
  note('every view is built');
  const readApi = await startProgram('read-api', { MONGODB_URL: stores.mongoUrl });
  note('the read API listens');
  const last = Number((await readTail(client)).commit);
  const entries = await entriesOf(db, last, 300);
  note(`${entries.length} entries are drawn`);
  const kinds: [string, Request[]][] = [
    ['a document as of a position', documentRequests(entries, last)],
    ['the document now', documentRequests(entries, last).map(({ path }) => ({ path }))],
    [
      'the causes of an event',
      Array.from({ length: requests }, () => ({ path: `/history/${oneOf(entries).eventId}/causes` })),
    ],
  ];
  console.log(`| ${events} events, ${connections} connections | p50 ms | p99 ms | highest ms | answers |`);
  console.log('|---|---:|---:|---:|---|');
  for (const [kind, asked] of kinds) {
    await timesOf(readApi.url, asked.slice(0, 200));
    const times = await timesOf(readApi.url, asked);
    const at = (share: number) => quantile(times, share).toFixed(1);
    const answers = [...statuses].map(([status, count]) => `${status}: ${count}`).join(', ');
    console.log(`| ${kind} | ${at(0.5)} | ${at(0.99)} | ${at(1)} | ${answers} |`);
  }
  await readApi.end();
} finally {
  await Promise.all([disconnectEventStore(client), mongo.close()]);
  await stores.stop();
  await rm(dataFolder, { recursive: true });
}
