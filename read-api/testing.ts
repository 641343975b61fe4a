import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Collection, Db } from 'mongodb';
import { type OpenedStores, openTestStores } from '../embedded/testing.ts';
import { createApp } from '../platform/http/app.ts';
import { healthRoutes } from '../platform/http/health.ts';
import { systemGuard } from '../platform/identity/system.ts';
import { createMongoClient } from '../platform/mongo.ts';
import { checkpoints } from '../platform/subscriptions/checkpoints.ts';
import { historyId } from '../schemas/kernel/history.ts';
import type { ReadContext } from './kernel/context.ts';
import { type ReadApiOptions, startReadApi } from './start.ts';

/** A database of the embedded stores, for one test file. @param start opens them, by default within this process */
export const startDatabase = async (
  start: (options: { dataFolder: string }) => Promise<OpenedStores> = openTestStores,
) => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'plaza-read-api-'));
  const stores = await start({ dataFolder });
  const client = createMongoClient(stores.mongoUrl);
  return {
    db: client.db('plaza'),
    stores,
    dataFolder,
    async stop() {
      await client.close();
      await stores.stop();
      await rm(dataFolder, { recursive: true });
    },
  };
};

/** The read API behind its real app on a port of its own. */
export const serveReadApi = async (
  db: Db,
  contexts: readonly ReadContext[],
  options: Partial<
    Pick<ReadApiOptions, 'answerWithin' | 'events' | 'bounds' | 'identify' | 'now' | 'timeZone' | 'past'>
  > = {},
) => {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const readApi = startReadApi({ db, contexts, timeZone: 'Asia/Seoul', version: '1.0.0', onError, ...options });
  const health = healthRoutes({ checks: readApi.checks, stopping: () => false });
  const schemas = contexts.map(({ schema }) => schema);
  const server = createServer(
    createApp([systemGuard(options.identify, { signIn: 'off' }), health, ...readApi.routers], schemas, onError),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    errors,
    get: async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
      const res = await fetch(`${url}${path}`, { method, headers });
      const text = await res.text();
      const isJson = /json/.test(res.headers.get('content-type') ?? '') && text !== '';
      return { status: res.status, headers: res.headers, text, body: isJson ? JSON.parse(text) : undefined };
    },
    async stop() {
      readApi.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** A view's documents. */
export const viewOf = (db: Db, name: string): Collection<{ _id: string; [field: string]: unknown }> =>
  db.collection<{ _id: string; [field: string]: unknown }>(name);

/** Moves a view's checkpoint, as its projection does after the documents. */
export const reach = async (db: Db, view: string, position: bigint, version = 1): Promise<void> => {
  const at = position.toString();
  await checkpoints(db).updateOne(
    { _id: view },
    { $set: { view, version, partitions: 1, commit: at, prepare: at, token: 1, updatedAt: new Date() } },
    { upsert: true },
  );
};

type Happening = {
  position: bigint;
  type?: string;
  resources?: string[];
  data?: object;
  /** Fields that differ from the usual ones. */
  rest?: object;
};

/** The id of an event that {@link insertHistory} inserts. */
export const eventIdAt = (position: bigint): string =>
  `00000000-0000-4000-8000-${position.toString().padStart(12, '0')}`;

/** Events as a context's history has them. */
export const insertHistory = async (db: Db, context: string, happenings: readonly Happening[]): Promise<void> => {
  const documents = happenings.map(({ position, type = 'LotRegistered', resources = [], data = {}, rest = {} }) => ({
    _id: historyId(position),
    eventId: eventIdAt(position),
    resources,
    type,
    data,
    time: '2026-01-31T09:00:00.000Z',
    actor: 'anonymous',
    commandId: `command-${position}`,
    correlationId: 'correlation-1',
    causationId: `command-${position}`,
    stream: 'parkingLot-lot-1',
    revision: '0',
    position: position.toString(),
    ...rest,
  }));
  await viewOf(db, `${context}.history`).insertMany(documents);
};
