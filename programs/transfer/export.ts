import { createHash, type Hash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, renameSync, truncateSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Db, Document } from 'mongodb';
import { type EventStoreClient, personalDataOf } from '../../platform/event-store/client.ts';
import { streams } from '../../platform/event-store/streams.ts';
import { pullBatches } from '../../platform/event-store/subscription.ts';
import { readTail } from '../../platform/event-store/tail.ts';
import { comparePositions, type Position, START } from '../../platform/event-store/types.ts';
import { BYTE_ORDER_MARK, csvRow } from '../../platform/http/csv.ts';
import { type BuildProgress, PoisonedBuildError } from '../../projections/kernel/build.ts';
import type { Projection } from '../../projections/kernel/projection.ts';
import { withFreshViews } from '../../projections/kernel/rebuild.ts';
import type { ContextSchema, ViewQuery } from '../../schemas/kernel/context.ts';
import { type ExportedEvent, fromLine, toLine } from './cloud-event.ts';
import { wholeLines } from './lines.ts';
import { EVENTS, isFinished, type Manifest, TransferError, UNFINISHED, writeManifest } from './manifest.ts';

export type ExportOptions = {
  client: EventStoreClient;
  db: Db;
  contexts: readonly ContextSchema[];
  /** Those of the views that are exported. */
  projections: readonly Projection[];
  folder: string;
  /** Whether encrypted personal data is decrypted. Left out, it stays encrypted, and the views are left out. */
  plain?: boolean;
  /** Interrupts the export; a later one continues it. */
  signal: AbortSignal;
  onProgress?: (progress: BuildProgress) => void;
  /** Called for a view that is left out because it cannot be built. */
  onLeftOut?: (reason: string) => void;
};

const BATCH = 1_000;
const FILL_WITHIN = 20;

/** The part of an export that an earlier run has written. */
type Written = { bytes: number; events: number; last: ExportedEvent | undefined; hash: Hash };

/** Reads the whole lines of an unfinished export. */
const readWritten = async (file: string): Promise<Written> => {
  const written: Written = { bytes: 0, events: 0, last: undefined, hash: createHash('sha256') };
  if (!existsSync(file)) return written;
  let last: Buffer | undefined;
  for await (const line of wholeLines(file)) {
    written.hash.update(line);
    written.bytes += line.length;
    written.events += 1;
    last = line;
  }
  written.last = last && fromLine(last.toString());
  return written;
};

/** @throws TransferError when the unfinished export belongs to another event store */
const assertSameStore = async (client: EventStoreClient, file: string, { last }: Written): Promise<void> => {
  if (!last) return;
  for await (const event of streams(client).read(last.stream, last.revision, 1))
    if (event.id === last.written.id && comparePositions(event.position, last.position) === 0) return;
  throw new TransferError(
    `${file} is an unfinished export of another event store: remove it, or choose another folder`,
  );
};

/** Appends the events after `from`, up to `tail`, to the file. @returns false when the signal came first */
const writeEvents = async (
  { client, plain, signal, onProgress }: ExportOptions,
  file: FileHandle,
  written: Written,
  tail: Position,
): Promise<boolean> => {
  const from = written.last?.position ?? START;
  if (comparePositions(from, tail) >= 0) return true;
  const batches = pullBatches({
    client,
    from,
    maxBatch: BATCH,
    fillWithin: FILL_WITHIN,
    encrypted: plain !== true,
    signal,
    readTail: () => readTail(client),
  });
  for await (const { events, checkpoint, live } of batches) {
    const lines = events.filter(({ position }) => comparePositions(position, tail) <= 0).map(toLine);
    const text = lines.join('');
    await file.appendFile(text);
    written.hash.update(text);
    written.events += lines.length;
    onProgress?.({ events: written.events, position: checkpoint, from, tail });
    if (live || comparePositions(checkpoint, tail) >= 0) return true;
  }
  return false;
};

const publishedViews = (contexts: readonly ContextSchema[]): ReadonlyMap<string, ViewQuery> =>
  new Map(contexts.flatMap(({ queries }) => Object.values(queries).map((query) => [query.view, query] as const)));

/** Writes a view as a CSV file, a row for each document of a collection. @returns the number of documents */
const writeView = async (
  db: Db,
  { view, collection, query }: { view: string; collection: string; query: ViewQuery },
  folder: string,
): Promise<number> => {
  const { item, current = {}, position, present = (stored: object) => stored } = query;
  const columns = Object.keys(item.properties).filter((name) => !current[name] && name !== position?.field);
  let documents = 0;
  const rows = async function* () {
    yield BYTE_ORDER_MARK + csvRow(columns);
    for await (const stored of db.collection<Document & { _id: string }>(collection).find().sort({ _id: 1 })) {
      const document = present(stored) as Document;
      yield csvRow(columns.map((column) => document[column]));
      documents += 1;
    }
  };
  const file = join(folder, `${view}.csv`);
  await pipeline(Readable.from(rows()), createWriteStream(`${file}.part`, { mode: 0o600 }));
  renameSync(`${file}.part`, file);
  return documents;
};

/**
 * Builds the views that queries publish beside the live ones, up to a position, and writes them: live views move on
 * while they are read. A view that cannot be built, because one of its events is parked, is left out.
 * @returns null when the signal came first
 */
const writeViews = async (
  options: ExportOptions,
  tail: Position,
  folder: string,
): Promise<Manifest['views'] | null> => {
  const { contexts, projections, onLeftOut, ...build } = options;
  const queries = publishedViews(contexts);
  let left = projections.filter(({ name }) => queries.has(name));
  while (left.length > 0) {
    try {
      return await withFreshViews(
        { ...build, projections: left },
        async () => tail,
        async (builds) => {
          const written: Manifest['views'] = [];
          for (const { projection, collection } of builds) {
            const { name } = projection;
            const view = { view: name, collection, query: queries.get(name)! };
            written.push({ name, documents: await writeView(build.db, view, folder) });
          }
          return written;
        },
      );
    } catch (error) {
      if (!(error instanceof PoisonedBuildError)) throw error;
      left = left.filter(({ name }) => name !== error.view);
      onLeftOut?.(error.message);
    }
  }
  return [];
};

/**
 * Writes every event up to now into a folder, one CloudEvent a line, and every view that a query publishes as a CSV
 * file. Where personal data is encrypted, it stays so, and the views, which are plain, are left out, unless `plain`.
 * Plaza may work meanwhile: later events are left out, also of the views. An export that was interrupted or killed is
 * continued by the next one into the same folder.
 * @returns the manifest of the finished export; null when the signal came first
 * @throws TransferError when the folder has a finished export, or an unfinished one of another event store
 */
export const exportAll = async (options: ExportOptions): Promise<Manifest | null> => {
  const { client, folder, plain } = options;
  const hasViews = plain || !personalDataOf(client);
  if (isFinished(folder)) throw new TransferError(`${folder} already contains an export`);
  const views = join(folder, 'views');
  mkdirSync(views, { recursive: true, mode: 0o700 });

  const whole = join(folder, EVENTS);
  const part = join(folder, UNFINISHED);
  // Killed after the events were whole: they are continued up to now.
  if (existsSync(whole)) renameSync(whole, part);
  const written = await readWritten(part);
  await assertSameStore(client, part, written);
  if (existsSync(part)) truncateSync(part, written.bytes);
  const tail = await readTail(client);
  const file = await open(part, 'a', 0o600);
  try {
    if (!(await writeEvents(options, file, written, tail))) return null;
    await file.sync();
  } finally {
    await file.close();
  }
  renameSync(part, whole);

  const exported = hasViews ? await writeViews(options, tail, views) : [];
  if (!exported) return null;
  const manifest: Manifest = {
    format: 'plaza-export-1',
    exportedAt: new Date().toISOString(),
    events: written.events,
    sha256: written.hash.digest('hex'),
    views: exported,
  };
  writeManifest(folder, manifest);
  return manifest;
};
