import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { afterEach, describe, expect, test } from 'vitest';
import { contextSchemas } from '../../programs/contexts.ts';
import { dependencyRules, free, mayImport } from './rules.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Each breach as `rule: from → to`. */
const breaches = async (baseDir: string, folders: readonly string[], contexts: readonly string[]) => {
  const { forbidden, options } = dependencyRules(contexts);
  const { output } = await cruise([...folders], {
    ...options,
    baseDir,
    validate: true,
    ruleSet: { forbidden: forbidden ?? [] },
  });
  const { modules, summary } = output as ICruiseResult;
  return {
    found: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
    imports: modules.reduce((sum, { dependencies }) => sum + dependencies.length, 0),
  };
};

describe('the program', () => {
  const names = contextSchemas.map(({ name }) => name);
  const folders = [...Object.keys(mayImport), 'platform/mongo.ts', 'programs', 'tests', 'bench', 'web'];

  test('keeps the dependency rules', async () => {
    const { found, imports } = await breaches(ROOT, folders, names);
    expect(found).toEqual([]);
    expect(imports).toBeGreaterThan(200);
  });

  test('has a rule for every folder of code', async () => {
    const known = new Set([...Object.keys(mayImport).map((folder) => folder.split('/')[0]!), ...free]);
    const entries = await readdir(ROOT, { withFileTypes: true });
    const unknown: string[] = [];
    for (const entry of entries) {
      if (!entry.isDirectory() || entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
      const files = await readdir(join(ROOT, entry.name), { recursive: true });
      if (files.some((file) => file.endsWith('.ts')) && !known.has(entry.name)) unknown.push(entry.name);
    }
    expect(unknown).toEqual([]);
  });
});

describe('the rules', () => {
  const made: string[] = [];
  afterEach(async () => {
    await Promise.all(made.splice(0).map((folder) => rm(folder, { recursive: true })));
  });

  /** A project of a few files, each with its import lines. */
  const project = async (files: Readonly<Record<string, string>>): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'dependency-rules-'));
    made.push(folder);
    const packageJson = JSON.stringify({
      dependencies: { immutable: '*', mongodb: '*' },
      devDependencies: { yaml: '*' },
    });
    for (const [name, text] of Object.entries({ 'package.json': packageJson, ...files })) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    for (const name of ['immutable', 'mongodb', 'yaml', 'undeclared', '@eventstore/db-client']) {
      const home = join(folder, 'node_modules', name);
      await mkdir(home, { recursive: true });
      await writeFile(join(home, 'package.json'), JSON.stringify({ name, main: 'index.js' }));
      await writeFile(join(home, 'index.js'), '');
    }
    return folder;
  };

  /** @param to a file of the project, or a package */
  const breachesOf = async (from: string, to: string, kind: 'value' | 'type' = 'value') => {
    const isFile = to.endsWith('.ts');
    const specifier = isFile ? `${'../'.repeat(from.split('/').length - 1)}${to}` : to;
    const folder = await project({
      ...(isFile ? { [to]: 'export const thing = 1;' } : {}),
      [from]: `import ${kind === 'type' ? 'type ' : ''}{ thing } from '${specifier}';\nexport type Thing = typeof thing;`,
    });
    const { found, imports } = await breaches(folder, [from], ['parking', 'cinema']);
    expect(imports).toBe(1);
    return found.map((breach) => breach.split(':')[0]);
  };

  test.each([
    ['deciders-are-pure', 'write-side/parking/lot.ts', 'platform/event-store/streams.ts'],
    ['deciders-are-pure', 'write-side/parking/lot.ts', 'write-side/kernel/desk.ts'],
    ['deciders-are-pure', 'write-side/parking/lot.ts', 'mongodb'],
    ['deciders-are-pure', 'write-side/parking/lot.ts', 'immutable'],
    ['deciders-are-pure', 'write-side/parking/lot.ts', 'node:crypto'],
    ['projections-are-pure', 'projections/parking/lots.ts', 'mongodb'],
    ['projections-are-pure', 'projections/parking/lots.ts', 'projections/kernel/writer.ts'],
    ['policies-are-pure', 'write-side/parking/policies.ts', 'platform/event-store/types.ts'],
    ['policies-are-pure', 'write-side/parking/policies.ts', 'node:timers'],
    ['write-side-imports-only-what-it-may', 'write-side/kernel/desk.ts', 'projections/kernel/writer.ts'],
    ['write-side-imports-only-what-it-may', 'write-side/start.ts', 'read-api/start.ts'],
    ['write-side-imports-only-what-it-may', 'write-side/kernel/desk.ts', 'programs/wiring/settings.ts'],
    ['projections-imports-only-what-it-may', 'projections/kernel/writer.ts', 'write-side/kernel/desk.ts'],
    ['projections-imports-only-what-it-may', 'projections/start.ts', 'read-api/start.ts'],
    ['read-api-imports-only-what-it-may', 'read-api/kernel/queries.ts', 'projections/kernel/projection.ts'],
    ['read-api-imports-only-what-it-may', 'read-api/kernel/queries.ts', 'platform/event-store/streams.ts'],
    ['read-api-imports-only-what-it-may', 'read-api/start.ts', 'write-side/start.ts'],
    ['write-side-imports-only-what-it-may', 'write-side/policies/run-policies.ts', 'projections/start.ts'],
    ['schemas-imports-only-what-it-may', 'schemas/openapi.ts', 'platform/http/problem.ts'],
    ['http-imports-only-what-it-may', 'platform/http/app.ts', 'platform/event-store/types.ts'],
    ['event-store-imports-only-what-it-may', 'platform/event-store/streams.ts', 'platform/subscriptions/delivery.ts'],
    ['subscriptions-imports-only-what-it-may', 'platform/subscriptions/delivery.ts', 'projections/start.ts'],
    ['embedded-imports-only-what-it-may', 'embedded/start.ts', 'platform/event-store/client.ts'],
    ['write-side-imports-only-what-it-may', 'write-side/kernel/desk.ts', 'tests/helpers.ts'],
    ['contexts-do-not-import-one-another', 'read-api/parking.ts', 'read-api/cinema.ts'],
    ['contexts-do-not-import-one-another', 'schemas/parking.ts', 'schemas/cinema.ts'],
    ['contexts-do-not-import-one-another', 'schemas/parking-messages.ts', 'schemas/cinema.ts'],
    ['contexts-do-not-import-one-another', 'write-side/parking/lot.ts', 'schemas/cinema.ts'],
    ['kernels-know-no-context', 'write-side/kernel/http.ts', 'schemas/parking.ts'],
    ['kernels-know-no-context', 'write-side/payments/client.ts', 'schemas/cinema.ts'],
    ['deciders-are-pure', 'write-side/parking/lot.ts', 'write-side/payments/client.ts'],
    ['only-event-store-knows-the-client', 'platform/subscriptions/delivery.ts', '@eventstore/db-client'],
    ['only-event-store-knows-the-client', 'programs/gateway.ts', '@eventstore/db-client'],
    ['production-needs-no-dev-dependency', 'programs/gateway.ts', 'yaml'],
    ['production-needs-no-dev-dependency', 'platform/http/app.ts', 'undeclared'],
    ['only-tests-import-test-support', 'read-api/start.ts', 'read-api/testing.ts'],
  ])('%s: not %s → %s', async (rule, from, to) => {
    expect(await breachesOf(from, to)).toContain(rule);
  });

  test.each([
    ['contexts-do-not-import-one-another', 'write-side/parking/lot.ts', 'write-side/cinema/showing.ts'],
    ['read-api-imports-only-what-it-may', 'read-api/kernel/queries.ts', 'projections/kernel/projection.ts'],
    ['only-event-store-knows-the-client', 'write-side/kernel/desk.ts', '@eventstore/db-client'],
  ])('%s: not even a type, %s → %s', async (rule, from, to) => {
    expect(await breachesOf(from, to, 'type')).toContain(rule);
  });

  test('no-cycles', async () => {
    const folder = await project({
      'platform/http/a.ts': "import { b } from './b.ts';\nexport const a = () => b;",
      'platform/http/b.ts': "import { c } from './c.ts';\nexport const b = () => c;",
      'platform/http/c.ts': "import type { a } from './a.ts';\nexport const c = (): typeof a | undefined => undefined;",
    });
    const { found } = await breaches(folder, ['platform/http'], ['parking']);
    expect(found.map((breach) => breach.split(':')[0])).toContain('no-cycles');
  });

  test.each([
    ['write-side/parking/lot.ts', 'schemas/parking.ts'],
    ['write-side/parking/lot.ts', 'write-side/parking/spots.ts'],
    ['write-side/parking/lot.ts', 'write-side/kernel/decider.ts'],
    ['write-side/parking/lot.ts', 'write-side/kernel/past-ids.ts'],
    ['write-side/parking/lot.ts', 'write-side/kernel/collections.ts'],
    ['write-side/parking/steps.ts', 'write-side/payments/payments.ts'],
    ['write-side/parking/services.ts', 'write-side/payments/client.ts'],
    ['write-side/parking/payments/perform.ts', 'write-side/payments/client.ts'],
    ['write-side/parking/lot.test.ts', 'yaml'],
    ['write-side/parking/lot.test.ts', 'tests/helpers.ts'],
    ['read-api/testing.ts', 'embedded/start.ts'],
    ['programs/write-side.ts', 'programs/wiring/settings.ts'],
    ['write-side/policies/run-policies.ts', 'write-side/kernel/command-handler.ts'],
    ['write-side/parking/policies.ts', 'schemas/parking.ts'],
    ['projections/parking/lots.ts', 'projections/kernel/projection.ts'],
    ['read-api/kernel/lags.ts', 'platform/subscriptions/status.ts'],
    ['read-api/kernel/queries.ts', 'mongodb'],
    ['platform/event-store/client.ts', '@eventstore/db-client'],
    ['programs/gateway.ts', 'projections/start.ts'],
    ['bench/replay.ts', '@eventstore/db-client'],
  ])('allow %s → %s', async (from, to) => {
    expect((await breachesOf(from, to)).filter((rule) => rule !== 'production-needs-no-dev-dependency')).toEqual([]);
  });
});
