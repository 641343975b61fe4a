import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

type Locked = {
  version?: string;
  resolved?: string;
  optionalDependencies?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
};

const ROOT = resolve(import.meta.dirname, '../..');
const readJson = async (file: string) => JSON.parse(await readFile(join(ROOT, file), 'utf8'));
const packages: Record<string, Locked> = (await readJson('package-lock.json')).packages;

describe('package-lock.json', () => {
  test('contains the packages of every platform: else `npm ci` fails; `node .ci/complete-lock.js` adds them', () => {
    const names = Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, ''));
    const optional = Object.values(packages).flatMap((locked) => Object.keys(locked.optionalDependencies ?? {}));
    expect(optional.length).toBeGreaterThan(0);
    expect(optional.filter((name) => !names.includes(name))).toEqual([]);
  });

  test('pins every package and names no registry', () => {
    const entries = Object.entries(packages).filter(([path]) => path !== '');
    expect(entries.filter(([, { version }]) => !version).map(([path]) => path)).toEqual([]);
    expect(entries.filter(([, { resolved }]) => resolved).map(([path]) => path)).toEqual([]);
  });

  test('contains the dependencies of package.json, each in one exact version', async () => {
    const { dependencies, devDependencies } = await readJson('package.json');
    expect(packages['']).toMatchObject({ dependencies, devDependencies });
    for (const version of Object.values({ ...dependencies, ...devDependencies })) expect(version).toMatch(/^\d/);
  });
});
