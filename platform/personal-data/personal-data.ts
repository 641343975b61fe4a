import { LRUCache } from 'lru-cache';
import {
  CUSTOMER_ERASED,
  type CustomerErased,
  hasSecrets,
  isSecret,
  type PersonalEvent,
} from '../../schemas/kernel/personal.ts';
import { decrypted, type PersonalData } from '../event-store/personal-data.ts';
import type { NewEvent, SealedFields, StoredEvent } from '../event-store/types.ts';
import { decrypt, encrypt } from '../machine/encryption.ts';
import { machine } from '../machine/machine.ts';
import { type Key, type KeyStore, KeysUnavailableError } from './keys.ts';
import { KEY_NAME_LENGTH } from './master-key.ts';

/**
 * Milliseconds for which a process uses a key without asking for it again: an erased key is used no longer than this.
 */
const KEPT_FOR = 5_000;
const MOST_KEYS = 20_000;

export type PersonalDataOptions = {
  keys: Pick<KeyStore, 'current' | 'byName' | 'erase' | 'newSnapshotKey' | 'snapshotKeys'>;
  /** The event types with personal fields, of every context. */
  personal: ReadonlyMap<string, PersonalEvent>;
  /** The clock of the cache, in milliseconds. */
  now?(): number;
};

type Fields = Readonly<Record<string, unknown>>;

/** Ties an encrypted text to the key and the event type that it was made for. */
const aboutOf = (key: string, type: string): string => `${key} ${type}`;

/**
 * Asks for many keys at once: those that are wanted in one turn of the event loop, and while an answer is awaited, form
 * the next question.
 */
const inBulk = <Found>(ask: (names: string[]) => Promise<Map<string, Found>>) => {
  let next: { names: Set<string>; answer: Promise<Map<string, Found>> } | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return (names: readonly string[]): Promise<Map<string, Found>> => {
    if (!next) {
      const asked = new Set<string>();
      const answer = last.then(() => {
        next = undefined;
        return ask([...asked]);
      });
      last = answer.catch(() => {});
      next = { names: asked, answer };
    }
    for (const name of names) next.names.add(name);
    return next.answer;
  };
};

/** Returns the encryption of personal fields with the keys of a key store. */
export const personalData = ({ keys, personal, now = machine.elapsed }: PersonalDataOptions): PersonalData => {
  const bounds = { max: MOST_KEYS, ttl: KEPT_FOR, ttlResolution: 0, perf: { now } };
  const byOwner = new LRUCache<string, Key>(bounds);
  /** An erased key is kept as an empty one. */
  const byName = new LRUCache<string, Buffer>(bounds);
  /** The keys that this process knows to be erased: an answer that was under way brings none of them back. */
  const gone = new LRUCache<string, true>({ max: MOST_KEYS });
  const askOwners = inBulk(keys.current);
  const askNames = inBulk(keys.byName);
  const ERASED_KEY = Buffer.alloc(0);

  /** Returns the person whose personal data an event has; Plaza's own words do not count. */
  const ownerOf = ({ type, data }: NewEvent): string | undefined => {
    const found = personal.get(type);
    const values = data as Fields;
    return found && hasSecrets(found, values) ? (values[found.owner] as string) : undefined;
  };

  const sealed = (event: NewEvent, { name: key, bytes }: Key): NewEvent => {
    const { fields } = personal.get(event.type)!;
    const values = event.data as Fields;
    const data: Record<string, unknown> = {};
    const secret: Record<string, unknown> = {};
    for (const name in values) {
      const field = fields.find((each) => each.name === name);
      if (field && isSecret(field, values)) secret[name] = values[name];
      else data[name] = values[name];
    }
    const box = encrypt(bytes, JSON.stringify(secret), aboutOf(key, event.type)).toString('base64');
    const { id, type, metadata } = event;
    return { id, type, data, metadata: { ...metadata, personal: { key, box } } };
  };

  const openWith = (event: StoredEvent, { key, box }: SealedFields, bytes: Buffer): void => {
    const fields =
      bytes.length === 0
        ? placeholdersOf(event)
        : (JSON.parse(decrypt(bytes, Buffer.from(box, 'base64'), aboutOf(key, event.type)).toString()) as Fields);
    decrypted(event, fields);
  };

  const placeholdersOf = ({ type, data }: StoredEvent): Fields =>
    Object.fromEntries(
      (personal.get(type)?.fields ?? []).flatMap(({ name, optional, erased }) =>
        optional || (data as Fields)[name] !== undefined ? [] : [[name, erased]],
      ),
    );

  /** Encrypts events with the keys in memory; undefined when one is missing. */
  const sealNow = (events: readonly NewEvent[], missing: Set<string>): NewEvent[] | undefined => {
    const done = events.map((event) => {
      const owner = ownerOf(event);
      if (owner === undefined) return event;
      const key = byOwner.get(owner);
      if (key) return sealed(event, key);
      missing.add(owner);
      return event;
    });
    return missing.size === 0 ? done : undefined;
  };

  /** A key may expire while others are read: then it is read again. */
  const sealAll = async (events: readonly NewEvent[], missing: Set<string>): Promise<readonly NewEvent[]> => {
    for (;;) {
      const asked = await askOwners([...missing]);
      for (const owner of missing) {
        const key = asked.get(owner)!;
        if (!gone.has(key.name)) byOwner.set(owner, key);
      }
      missing.clear();
      const done = sealNow(events, missing);
      if (done) return done;
    }
  };

  const openAll = (events: readonly StoredEvent[]): void | Promise<void> => {
    const found = new Map<string, Buffer>();
    const missing = new Set<string>();
    for (const { metadata } of events) {
      if (metadata.personal === undefined) continue;
      const { key } = metadata.personal;
      const bytes = byName.get(key);
      if (bytes) found.set(key, bytes);
      else missing.add(key);
    }
    const openEach = () => {
      for (const event of events)
        if (event.metadata.personal) openWith(event, event.metadata.personal, found.get(event.metadata.personal.key)!);
    };
    if (missing.size === 0) return openEach();
    return askNames([...missing]).then((asked) => {
      for (const name of missing) {
        const known = asked.get(name);
        if (known === undefined)
          throw new KeysUnavailableError(
            `the key ${name} is not stored: KEYS_MONGODB_URL names another server, or the keys were restored from an old backup`,
          );
        const bytes = gone.has(name) ? ERASED_KEY : (known ?? ERASED_KEY);
        byName.set(name, bytes);
        found.set(name, bytes);
      }
      openEach();
    });
  };

  const erase = async (owner: string, key: string): Promise<void> => {
    if (gone.has(key)) return;
    await keys.erase(key);
    gone.set(key, true);
    byName.delete(key);
    if (byOwner.get(owner)?.name === key) byOwner.delete(owner);
  };

  /** Decrypts events with an erasure among them, in their order. */
  const openAround = async (events: readonly StoredEvent[]): Promise<void> => {
    let next = 0;
    for (const [at, { type, data }] of events.entries()) {
      if (type !== CUSTOMER_ERASED) continue;
      await openAll(events.slice(next, at));
      const { customerId, key } = data as CustomerErased;
      await erase(customerId, key);
      next = at;
    }
    await openAll(events.slice(next));
  };

  return {
    seal(events) {
      const missing = new Set<string>();
      return sealNow(events, missing) ?? sealAll(events, missing);
    },

    snapshotErasures: async (stream) => (await keys.snapshotKeys(stream)).erasures,

    async sealSnapshot(stream, packed, erasures) {
      const key = await keys.newSnapshotKey(stream, erasures);
      return key && Buffer.concat([Buffer.from(key.name), encrypt(key.bytes, packed, stream)]);
    },

    async openSnapshot(stream, packed) {
      const name = Buffer.from(packed.subarray(0, KEY_NAME_LENGTH)).toString('latin1');
      const found = (await keys.snapshotKeys(stream)).keys.find((key) => key.name === name);
      return found && decrypt(found.bytes, Buffer.from(packed.subarray(KEY_NAME_LENGTH)), stream);
    },

    open: (events) => (events.some(({ type }) => type === CUSTOMER_ERASED) ? openAround(events) : openAll(events)),

    erase,
  };
};
