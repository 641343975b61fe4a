import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Db } from 'mongodb';
import { type EventStoreClient, personalDataOf } from '../../platform/event-store/client.ts';
import { refuseSealed } from '../../platform/event-store/personal-data.ts';
import { appendsWritten } from '../../platform/event-store/streams.ts';
import { pullBatches } from '../../platform/event-store/subscription.ts';
import { readTail } from '../../platform/event-store/tail.ts';
import {
  comparePositions,
  type NewEvent,
  type Revision,
  START,
  type StoredEvent,
  StoreUnavailableError,
  toWritten,
  type WrittenEvent,
} from '../../platform/event-store/types.ts';
import { requireEventStore } from '../../platform/subscriptions/event-store-check.ts';
import type { BuildProgress } from '../../projections/kernel/build.ts';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import { type ExportedEvent, fromLine } from './cloud-event.ts';
import { wholeLines } from './lines.ts';
import { EVENTS, type Manifest, readManifest, TransferError } from './manifest.ts';

export type ImportOptions = {
  client: EventStoreClient;
  /** The database in which the views will be built. */
  db: Db;
  contexts: readonly ContextSchema[];
  folder: string;
  /** Interrupts the import; a later one continues it. */
  signal: AbortSignal;
  onProgress?: (progress: BuildProgress) => void;
};

const BATCH = 1_000;
/**
 * Bounds one append, and how many are under way: a slow connection must bring a megabyte before an append's deadline.
 */
const APPEND = { events: 200, bytes: 32 * 1024 };
const IN_FLIGHT = 32;
const ATTEMPTS = 5;

type Numbered = ExportedEvent & { line: number };

/** Reads the events of an export. @throws TransferError for a line that is not an event */
async function* eventsIn(folder: string): AsyncGenerator<Numbered> {
  const file = join(folder, EVENTS);
  let line = 0;
  for await (const text of wholeLines(file)) {
    line += 1;
    try {
      yield { ...fromLine(text.toString()), line };
    } catch (error) {
      throw new TransferError(`${file}, line ${line}: ${(error as Error).message}`);
    }
  }
}

/** Returns a check of an event's type and version. */
const versionCheck = (contexts: readonly ContextSchema[]) => {
  const known = new Map(
    contexts.flatMap(({ events }) => Object.entries(events).map(([type, { version }]) => [type, version] as const)),
  );
  return ({ written: { type, metadata } }: ExportedEvent): string | undefined => {
    const version = known.get(type);
    if (version === undefined) return `${type} is not an event of this Plaza`;
    const { schemaVersion = 1 } = JSON.parse(metadata) as { schemaVersion?: number };
    return schemaVersion > version
      ? `${type} has version ${schemaVersion}, this Plaza knows ${version}: import it into a newer Plaza`
      : undefined;
  };
};

/**
 * Checks the whole export before anything is written.
 * @throws TransferError when it is truncated or was changed, when an event is of an unknown type or version or cannot
 *   be decrypted, or when a stream has a gap
 */
const assertWhole = async ({ client, contexts, folder }: ImportOptions, manifest: Manifest): Promise<void> => {
  const file = join(folder, EVENTS);
  const hash = createHash('sha256');
  let events = 0;
  for await (const line of wholeLines(file)) {
    hash.update(line);
    events += 1;
  }
  if (events !== manifest.events)
    throw new TransferError(`${file} has ${events} whole lines, but ${manifest.events} events were exported`);
  if (hash.digest('hex') !== manifest.sha256)
    throw new TransferError(`${file} was changed after the export: its SHA-256 differs`);

  const errorOf = versionCheck(contexts);
  const next = new Map<string, bigint>();
  let encrypted: Numbered[] = [];
  const assertEncrypted = async (): Promise<void> => {
    if (encrypted.length > 0) await assertReadable(client, file, encrypted);
    encrypted = [];
  };
  for await (const event of eventsIn(folder)) {
    const wrong = errorOf(event);
    if (wrong) throw new TransferError(`${file}, line ${event.line}: ${wrong}`);
    const expected = next.get(event.stream) ?? 0n;
    if (event.revision !== expected)
      throw new TransferError(
        `${file}, line ${event.line}: ${event.stream} continues at revision ${event.revision}, not ${expected}`,
      );
    next.set(event.stream, expected + 1n);
    if (parsed(event.written).metadata.personal) encrypted.push(event);
    if (encrypted.length === BATCH) await assertEncrypted();
  }
  await assertEncrypted();
};

/**
 * Compares the event store with the beginning of an export, which an interrupted import has written.
 * @param expected the events of the export, of which it takes as many as the event store has
 * @throws TransferError when the event store has other events
 */
const skipImported = async ({ client, signal }: ImportOptions, expected: AsyncGenerator<Numbered>): Promise<number> => {
  let skipped = 0;
  const tail = await readTail(client);
  if (comparePositions(tail, START) === 0) return skipped;
  for await (const { events, checkpoint, live } of pullBatches({ client, from: START, maxBatch: BATCH, signal })) {
    for (const { id, stream, revision } of events) {
      const { value: event } = await expected.next();
      if (event?.written.id !== id || event.stream !== stream || event.revision !== revision)
        throw new TransferError('The event store is not empty, and does not contain the beginning of this export');
      skipped += 1;
    }
    if (live || comparePositions(checkpoint, tail) >= 0) break;
  }
  return skipped;
};

/** Groups consecutive events of one stream into appends of bounded size. */
async function* appendsOf(events: AsyncGenerator<Numbered>): AsyncGenerator<[Numbered, ...Numbered[]]> {
  let group: Numbered[] = [];
  let bytes = 0;
  for await (const event of events) {
    const size = Buffer.byteLength(event.written.data) + Buffer.byteLength(event.written.metadata);
    const fits = group.length < APPEND.events && bytes + size <= APPEND.bytes;
    if (group.length > 0 && !(fits && group[0]!.stream === event.stream)) {
      yield group as [Numbered, ...Numbered[]];
      group = [];
      bytes = 0;
    }
    group.push(event);
    bytes += size;
  }
  if (group.length > 0) yield group as [Numbered, ...Numbered[]];
}

const parsed = ({ data, metadata, ...event }: WrittenEvent): NewEvent => ({
  ...event,
  data: JSON.parse(data),
  metadata: JSON.parse(metadata),
});

/** Returns a function that encrypts the personal fields of events as an append does, unless they are encrypted. */
const sealing = (client: EventStoreClient) => {
  const personal = personalDataOf(client);
  return async (events: readonly WrittenEvent[]): Promise<readonly WrittenEvent[]> => {
    if (!personal) return events;
    const made = events.map(parsed);
    const sealed = await personal.seal(made.filter(({ metadata }) => !metadata.personal));
    const byId = new Map(sealed.map((event) => [event.id, event]));
    return made.map((event) => toWritten(byId.get(event.id) ?? event));
  };
};

/** @throws TransferError for encrypted fields whose key this Plaza does not have */
const assertReadable = async (client: EventStoreClient, file: string, events: readonly Numbered[]): Promise<void> => {
  const open = personalDataOf(client)?.open ?? refuseSealed;
  const stored = events.map(({ written, stream, revision, position }): StoredEvent => {
    return { ...parsed(written), stream, revision, position };
  });
  try {
    await open(stored);
  } catch (error) {
    const [{ line }] = events as [Numbered];
    throw new TransferError(`${file}, from line ${line} on: ${(error as Error).message}`);
  }
};

/**
 * Appends events in their order, some ahead of the answers: they go over one connection, which keeps their order. After
 * a failure no more are sent.
 * @param done the number of events that the event store has
 * @returns false when the signal came first
 * @throws StoreUnavailableError when it is unknown which events were written
 */
const appendAll = async (
  { client, signal, onProgress }: ImportOptions,
  events: AsyncGenerator<Numbered>,
  done: number,
  all: number,
): Promise<boolean> => {
  const append = appendsWritten(client);
  const sealed = sealing(client);
  const count = (events: number) => ({ commit: BigInt(events), prepare: 0n });
  const [from, tail] = [count(done), count(all)];
  const inFlight: Promise<void>[] = [];
  let hasFailed = false;
  let written = done;

  const send = async (group: [Numbered, ...Numbered[]], events: readonly WrittenEvent[]): Promise<void> => {
    const [{ stream, revision, line }] = group;
    const result = await append(stream, events, revision === 0n ? 'no-stream' : ((revision - 1n) as Revision));
    if (!result.ok)
      throw new TransferError(`line ${line}: ${stream} was changed by another program meanwhile (${result.reason})`);
    written += group.length;
    onProgress?.({ events: written, position: count(written), from, tail });
  };

  try {
    for await (const group of appendsOf(events)) {
      const next = await sealed(group.map((event) => event.written));
      if (inFlight.length === IN_FLIGHT) await inFlight.shift();
      if (signal.aborted || hasFailed) break;
      const sent = send(group, next);
      sent.catch(() => {
        hasFailed = true;
      });
      inFlight.push(sent);
    }
    await Promise.all(inFlight);
    return !signal.aborted;
  } finally {
    await Promise.allSettled(inFlight);
  }
};

/**
 * Appends the events of an export, in their order, to an empty event store, and compares both in the end. An import
 * that was interrupted or killed is continued by the next one. No process of Plaza may work on the event store
 * meanwhile: it would append events of its own between them.
 * @returns the number of events in the event store; null when the signal came first
 * @throws TransferError when the export is truncated, changed or foreign, or the event store has other events; nothing
 *   is written then
 * @throws WrongEventStoreError when the database has views of another event store; nothing is written then
 * @throws StoreUnavailableError
 */
export const importAll = async (options: ImportOptions): Promise<number | null> => {
  await requireEventStore(options.client, options.db);
  const manifest = readManifest(options.folder);
  await assertWhole(options, manifest);
  for (let attempt = 1; ; attempt++) {
    const events = eventsIn(options.folder);
    try {
      const done = await skipImported(options, events);
      if (done === manifest.events) return done;
      if (!(await appendAll(options, events, done, manifest.events))) return null;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || attempt === ATTEMPTS) throw error;
    } finally {
      await events.return(undefined);
    }
  }
};
