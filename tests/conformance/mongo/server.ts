import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collection, type Db, type Document, MongoClient } from 'mongodb';
import { afterAll, beforeAll } from 'vitest';
import { startMongoServer } from '../../../embedded/mongo/server.ts';

/** Creates a database for one test file, and collections with unique names. */
export type Server = { client: MongoClient; db: Db; collection(): Collection<Document> };

/**
 * Connects the tests of a file to the server named by CONFORMANCE_MONGODB_URL, or to an embedded one of their own.
 * Everything is in one database with a random name, dropped at the end.
 */
export function useServer(): Server {
  const server = {} as Server;
  const cleanups: (() => Promise<unknown> | unknown)[] = [];
  let collections = 0;

  beforeAll(async () => {
    const url = process.env.CONFORMANCE_MONGODB_URL ?? (await startEmbedded(cleanups));
    server.client = new MongoClient(url);
    cleanups.unshift(() => server.client.close());
    server.db = server.client.db(`conformance_${randomBytes(6).toString('hex')}`);
    cleanups.unshift(() => server.db.dropDatabase());
    server.collection = () => server.db.collection(`c${++collections}`);
    await server.client.connect();
  });

  afterAll(async () => {
    for (const cleanup of cleanups) await cleanup();
  });

  return server;
}

async function startEmbedded(cleanups: (() => Promise<unknown> | unknown)[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-mongo-'));
  const embedded = await startMongoServer({ file: join(folder, 'documents.sqlite') });
  cleanups.push(
    () => embedded.close(),
    () => rmSync(folder, { recursive: true }),
  );
  return embedded.url;
}

/** Returns the error of a rejected promise; fails when it resolves. */
export async function refusal(promise: Promise<unknown>): Promise<Error & Document> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Document;
  }
  throw new Error('it was not refused');
}
