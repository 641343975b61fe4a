import { type NewEvent, type StoredEvent, StoreUnavailableError } from './types.ts';

/** Encrypts the personal fields of events when they are appended, and decrypts them when they are read. */
export type PersonalData = {
  /**
   * Returns the events as they are stored. A promise only when a key must be read first.
   * @throws StoreUnavailableError when a key cannot be read: nothing is appended
   */
  seal(events: readonly NewEvent[]): readonly NewEvent[] | Promise<readonly NewEvent[]>;
  /**
   * Decrypts events in place. The fields of a person who was erased get their placeholders. At a CustomerErased the key
   * is erased before the events after it are decrypted: an erasure that was stopped halfway is thus completed. A
   * promise only when a key must be read first.
   * @throws StoreUnavailableError when a key cannot be read
   */
  open(events: readonly StoredEvent[]): void | Promise<void>;
  /**
   * Erases a customer's key, also in the memory of this process. Doing it twice has one effect.
   * @throws StoreUnavailableError
   */
  erase(customerId: string, key: string): Promise<void>;
  /** Returns how often the snapshots of a stream were erased. @throws StoreUnavailableError */
  snapshotErasures(stream: string): Promise<number>;
  /**
   * Encrypts a snapshot of a stream with a key of its own. Only the latest two snapshots can be decrypted.
   * @param erasures as {@link snapshotErasures} returned it before the state was read
   * @returns undefined when snapshots of the stream were erased since then: the state may have what was erased
   * @throws StoreUnavailableError
   */
  sealSnapshot(stream: string, packed: Uint8Array, erasures: number): Promise<Uint8Array | undefined>;
  /** Decrypts a snapshot; undefined when its key is gone. @throws StoreUnavailableError */
  openSnapshot(stream: string, packed: Uint8Array): Promise<Uint8Array | undefined>;
};

/** The key of the form in which an event that was decrypted is stored. */
const STORED = Symbol('stored');

type Decrypted = StoredEvent & { [STORED]?: Pick<StoredEvent, 'data' | 'metadata'> };

/** Puts the decrypted fields into an event, which remembers its stored form. */
export const decrypted = (event: Decrypted, fields: object): void => {
  const { data, metadata } = event;
  const { personal: _sealed, ...rest } = metadata;
  event[STORED] ??= { data, metadata };
  event.data = { ...(data as object), ...fields };
  event.metadata = rest;
};

/** Returns an event's data and metadata as they are stored: what is copied from an event is erased with its key. */
export const storedForm = (event: Decrypted): Pick<StoredEvent, 'data' | 'metadata'> => event[STORED] ?? event;

/** Refuses encrypted events, for a process without keys: their data would lack fields. */
export const refuseSealed = (events: readonly StoredEvent[]): void => {
  const sealed = events.find(({ metadata }) => metadata.personal !== undefined);
  if (sealed)
    throw new StoreUnavailableError(
      `${sealed.type} in ${sealed.stream} has encrypted fields: set PERSONAL_KEY as the process that wrote it had it`,
    );
};

/** Events that are decrypted together. */
const AT_ONCE = 256;

/** Decrypts the events of a stream in their order. */
export async function* opened(
  source: AsyncIterable<StoredEvent>,
  open: (events: readonly StoredEvent[]) => void | Promise<void>,
): AsyncGenerator<StoredEvent> {
  let some: StoredEvent[] = [];
  for await (const event of source) {
    some.push(event);
    if (some.length < AT_ONCE) continue;
    await open(some);
    yield* some;
    some = [];
  }
  await open(some);
  yield* some;
}
