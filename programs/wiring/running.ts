import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Announcement } from '../../embedded/open.ts';
import { withoutPassword } from './reachable.ts';
import { type Settings, SettingsError } from './settings.ts';

/**
 * The stores and the sign-in of a Plaza that runs on a data folder, without passwords. An empty URL means the embedded
 * store.
 */
export type Running = Located & Pick<Settings, 'AUTH' | 'AUTH_ISSUER' | 'AUTH_AUDIENCE'> & { pid: number };

const STORES = ['EVENTSTORE_URL', 'MONGODB_URL'] as const;

const fileIn = (folder: string): string => join(folder, 'plaza.json');

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/**
 * Writes this process's stores into the data folder's `plaza.json`, for operators' commands.
 * @returns a function that removes the file
 */
export const announce = (settings: Settings): (() => void) => {
  const { PLAZA_DATA: folder, MONGODB_DATABASE, AUTH, AUTH_ISSUER, AUTH_AUDIENCE } = settings;
  const running: Running = {
    pid: process.pid,
    EVENTSTORE_URL: withoutPassword(settings.EVENTSTORE_URL),
    MONGODB_URL: withoutPassword(settings.MONGODB_URL),
    MONGODB_DATABASE,
    AUTH,
    AUTH_ISSUER,
    AUTH_AUDIENCE,
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${fileIn(folder)}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(running), { mode: 0o600 });
  renameSync(draft, fileIn(folder));
  return () => {
    if (runningOn(folder)?.pid === process.pid) rmSync(fileIn(folder), { force: true });
  };
};

const readAlive = <Content extends { pid: number }>(file: string): Content | undefined => {
  if (!existsSync(file)) return undefined;
  const content = JSON.parse(readFileSync(file, 'utf8')) as Content;
  return isAlive(content.pid) ? content : undefined;
};

/** Returns the Plaza that runs on a data folder, undefined if none does. */
export const runningOn = (folder: string): Running | undefined => readAlive<Running>(fileIn(folder));

/** Returns the embedded stores that run on a data folder, undefined if none do. */
export const storesOn = (folder: string): Announcement | undefined =>
  readAlive<Announcement>(join(folder, 'stores.json'));

type Located = Pick<Settings, 'EVENTSTORE_URL' | 'MONGODB_URL' | 'MONGODB_DATABASE'>;

/**
 * Returns the stores for an operator's command: those of the settings, else those of the Plaza that runs on the data
 * folder, else the embedded ones in the folder (empty URLs).
 * @param mayCreate whether the embedded ones may be new
 * @throws SettingsError when they cannot be determined
 */
export const locateStores = (
  settings: Settings,
  env: Readonly<Record<string, string | undefined>> = process.env,
  mayCreate = false,
): Located => {
  const { PLAZA_DATA: folder, EVENTSTORE_URL, MONGODB_URL, MONGODB_DATABASE } = settings;
  const given = { EVENTSTORE_URL, MONGODB_URL, MONGODB_DATABASE };
  if (EVENTSTORE_URL !== '' && MONGODB_URL !== '') return given;

  const embedded = storesOn(folder);
  const embeddedUrls = { EVENTSTORE_URL: embedded?.eventStoreUrl ?? '', MONGODB_URL: embedded?.mongoUrl ?? '' };
  const running = runningOn(folder);
  if (!running) {
    const missing = STORES.filter((name) => settings[name] === '');
    if (missing.length < STORES.length) throw new SettingsError(`${missing[0]} must be set too`);
    if (!mayCreate && !embedded && !existsSync(join(folder, 'events.sqlite')))
      throw new SettingsError(
        `There is no Plaza's data in ${folder}: set PLAZA_DATA, or EVENTSTORE_URL and MONGODB_URL, as the running Plaza has them`,
      );
    return { ...given, ...embeddedUrls };
  }

  const of = `the Plaza that runs on ${folder} (process ${running.pid})`;
  if (env.MONGODB_DATABASE !== undefined && MONGODB_DATABASE !== running.MONGODB_DATABASE)
    throw new SettingsError(`MONGODB_DATABASE=${MONGODB_DATABASE} is not that of ${of}: ${running.MONGODB_DATABASE}`);
  const urlOf = (name: (typeof STORES)[number]): string => {
    const used = running[name];
    if (settings[name] !== '') {
      if (withoutPassword(settings[name]) === used) return settings[name];
      throw new SettingsError(`${name}=${withoutPassword(settings[name])} is not that of ${of}: ${used || 'embedded'}`);
    }
    if (used !== '') throw new SettingsError(`${name} must be set as for ${of}: ${used}`);
    return embeddedUrls[name];
  };
  return {
    EVENTSTORE_URL: urlOf('EVENTSTORE_URL'),
    MONGODB_URL: urlOf('MONGODB_URL'),
    MONGODB_DATABASE: running.MONGODB_DATABASE,
  };
};
