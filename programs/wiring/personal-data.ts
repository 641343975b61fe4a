import { setTimeout as pause } from 'node:timers/promises';
import type { Db } from 'mongodb';
import type { PersonalData } from '../../platform/event-store/personal-data.ts';
import { createMongoClient } from '../../platform/mongo.ts';
import { type KeyStore, keyStore, WrongMasterKeyError } from '../../platform/personal-data/keys.ts';
import { personalData } from '../../platform/personal-data/personal-data.ts';
import { messageOf } from '../../platform/subscriptions/transient.ts';
import { personalEvents } from '../../schemas/kernel/personal.ts';
import { contextSchemas } from '../contexts.ts';
import { type Settings, SettingsError } from './settings.ts';

/** The encryption of personal data in a process. */
export type OpenedPersonalData = {
  personal: PersonalData;
  keys: KeyStore;
  /** Keys the hashes of commands. */
  secret: Buffer;
};

/** The owner of the key of the hashes of commands: no customer's id has a colon. */
const COMMANDS = ':commands';
const AGAIN_AFTER = 500;

type Options = {
  settings: Pick<Settings, 'PERSONAL_KEY' | 'KEYS_MONGODB_URL' | 'MONGODB_URL' | 'MONGODB_DATABASE'>;
  /**
   * The connection to the read models, if the process has one: the keys are on the same server unless set otherwise.
   */
  views?: Db;
  opened: Pick<AsyncDisposableStack, 'defer'>;
  log(line: string): void;
};

/** The keys are not in the database of the views, which may be dropped at any time. */
const databaseOf = ({ MONGODB_DATABASE }: Options['settings']): string => `${MONGODB_DATABASE}_keys`;

const connect = ({ settings, views, opened }: Options): Db | undefined => {
  const { PERSONAL_KEY, KEYS_MONGODB_URL, MONGODB_URL } = settings;
  if (KEYS_MONGODB_URL === '' && views) return views.client.db(databaseOf(settings));
  const url = KEYS_MONGODB_URL || MONGODB_URL;
  if (url === '' && PERSONAL_KEY.length === 0) return undefined;
  if (url === '') throw new SettingsError('KEYS_MONGODB_URL or MONGODB_URL must be set with PERSONAL_KEY');
  const mongo = createMongoClient(url);
  opened.defer(() => mongo.close());
  return mongo.db(databaseOf(settings));
};

/** Refuses a process without a master key where there are keys. An unreachable server is no reason to wait. */
const requireNoKeys = async (db: Db): Promise<void> => {
  const isEmpty = await keyStore(db, [])
    .isEmpty()
    .catch(() => true);
  if (!isEmpty)
    throw new SettingsError(
      'PERSONAL_KEY must be set: personal data is encrypted, and its keys are wrapped with that master key',
    );
};

/**
 * Reads the key of the hashes of commands, which shows that the master key is right. Waits for an unreachable server.
 */
const readSecret = async (keys: KeyStore, log: Options['log']): Promise<Buffer> => {
  for (let last = ''; ; await pause(AGAIN_AFTER)) {
    try {
      return (await keys.current([COMMANDS])).get(COMMANDS)!.bytes;
    } catch (error) {
      const message = messageOf(error);
      if (error instanceof WrongMasterKeyError) throw new SettingsError(message);
      if (message !== last) log(message);
      last = message;
    }
  }
};

/**
 * Opens the keys of personal data, and waits until they can be read.
 * @returns undefined without PERSONAL_KEY: personal data is then stored as it is
 * @throws SettingsError for a wrong master key, and without one where there are keys
 */
export const openPersonalData = async (options: Options): Promise<OpenedPersonalData | undefined> => {
  const { PERSONAL_KEY: masters } = options.settings;
  const db = connect(options);
  if (!db) return undefined;
  if (masters.length === 0) {
    await requireNoKeys(db);
    if (db.client !== options.views?.client) await db.client.close();
    return undefined;
  }
  const keys = keyStore(db, masters);
  const secret = await readSecret(keys, options.log);
  return { personal: personalData({ keys, personal: personalEvents(contextSchemas) }), keys, secret };
};
