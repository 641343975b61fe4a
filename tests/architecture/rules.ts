import type { IConfiguration, IForbiddenRuleType } from 'dependency-cruiser';

/** The folders that each folder of the program may import. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  'platform/machine': [],
  'platform/http': ['schemas', 'platform/machine'],
  'platform/event-store': ['platform/machine', 'platform/identity'],
  'platform/subscriptions': ['schemas', 'platform/machine', 'platform/event-store'],
  'platform/telemetry': ['schemas', 'platform/machine', 'platform/event-store', 'platform/subscriptions'],
  'platform/identity': ['schemas', 'platform/machine', 'platform/http'],
  'platform/personal-data': ['schemas', 'platform/machine', 'platform/event-store'],
  'write-side': [
    'schemas',
    'platform/machine',
    'platform/http',
    'platform/identity',
    'platform/event-store',
    'platform/telemetry',
    'platform/subscriptions',
  ],
  projections: [
    'schemas',
    'platform/machine',
    'platform/http',
    'platform/identity',
    'platform/event-store',
    'platform/telemetry',
    'platform/subscriptions',
  ],
  'read-api': [
    'schemas',
    'platform/machine',
    'platform/http',
    'platform/identity',
    'platform/telemetry',
    'platform/subscriptions',
  ],
  embedded: [],
};

/** Folders that may import everything and that nothing else may import. */
export const free: readonly string[] = ['programs', 'tests', 'bench', 'deploy', 'web'];

const any = (names: readonly string[]): string => `(?:${names.join('|')})`;
const inFolders = (names: readonly string[]): string => `^${any(names)}(?:/|$)`;

/** Tests and their helpers. */
const TEST = '(?:\\.test|/testing)\\.ts$';
/** A context's external services, such as its payments, and their wiring; they may import write-side/payments. */
const EFFECTS = '^write-side/[^/]+/(?:[^/]+/|services\\.ts$)';
/** Runs before production. */
const BUILDER = '^programs/bundle/build[.]ts$';
const POLICIES = '/policies\\.ts$';
const SIDES = any(['write-side', 'projections', 'read-api', 'schemas']);

const folderRules = Object.entries(mayImport).map(
  ([folder, others]): IForbiddenRuleType => ({
    name: `${folder.replace('platform/', '')}-imports-only-what-it-may`,
    severity: 'error',
    from: { path: inFolders([folder]), pathNot: TEST },
    to: { dependencyTypes: ['local'], pathNot: inFolders([folder, ...others]) },
  }),
);

/** Rules of the schemas that import no TypeBox, which would be a large part of the page. */
const LIGHT = '^schemas/bike-rental-fee[.]ts$';

/** The page imports the messages' types and {@link LIGHT}, and nothing else of the program. */
const pageRules: readonly IForbiddenRuleType[] = [
  {
    name: 'the-page-takes-no-typebox',
    severity: 'error',
    from: { path: LIGHT },
    to: { path: '^schemas/', pathNot: '^schemas/kernel/money[.]ts$', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'the-page-imports-only-schemas',
    severity: 'error',
    from: { path: '^web/', pathNot: TEST },
    to: { dependencyTypes: ['local'], pathNot: inFolders(['web', 'schemas']) },
  },
  {
    name: 'the-page-takes-only-types-of-schemas',
    severity: 'error',
    from: { path: '^web/', pathNot: TEST },
    to: { path: '^schemas/', pathNot: LIGHT, dependencyTypesNot: ['type-only'] },
  },
];

/**
 * Returns the dependency rules of the project.
 * @param contexts names of the bounded contexts, which their files and folders have
 */
export const dependencyRules = (contexts: readonly string[]): IConfiguration => {
  const context = `(${contexts.join('|')})`;
  return {
    forbidden: [
      ...folderRules,
      ...pageRules,
      {
        name: 'contexts-do-not-import-one-another',
        severity: 'error',
        from: { path: `^${SIDES}/${context}(?:-messages)?[./]` },
        to: { path: `^${SIDES}/${context}(?:-messages)?[./]`, pathNot: `^${SIDES}/$1(?:-messages)?[./]` },
      },
      {
        name: 'kernels-know-no-context',
        severity: 'error',
        from: { path: '/kernel/|^write-side/payments/', pathNot: TEST },
        to: { path: `^${SIDES}/${context}[./]` },
      },
      {
        name: 'deciders-are-pure',
        severity: 'error',
        from: { path: `^write-side/${context}/`, pathNot: [TEST, EFFECTS, POLICIES] },
        to: {
          pathNot: [
            '^write-side/$1/[^/]+$',
            '^write-side/context\\.ts$',
            '^write-side/kernel/(?:decider|collections|past-ids|handled-events|limited-places|sorted-texts|context|command-steps|open-things)\\.ts$',
            '^write-side/payments/payments\\.ts$',
            '^schemas/',
          ],
        },
      },
      {
        name: 'projections-are-pure',
        severity: 'error',
        from: { path: `^projections/${context}[./]`, pathNot: TEST },
        to: {
          pathNot: [
            '^projections/$1[./]',
            '^projections/kernel/(?:projection|history|activity|limited-places|place-counts|report)\\.ts$',
            '^schemas/',
            '(?:^|node_modules/)typebox(?:/|$)',
          ],
        },
      },
      {
        name: 'policies-are-pure',
        severity: 'error',
        from: { path: `^write-side/${context}/policies\\.ts$` },
        to: {
          pathNot: [
            '^write-side/$1/[^/]+$',
            '^write-side/policies/(?:policy|process|limited-places)\\.ts$',
            '^schemas/',
          ],
        },
      },
      {
        name: 'only-event-store-knows-the-client',
        severity: 'error',
        from: { pathNot: [inFolders(['platform/event-store', 'embedded', 'tests', 'bench'])] },
        to: { path: '@eventstore/db-client' },
      },
      {
        name: 'production-needs-no-dev-dependency',
        severity: 'error',
        from: { path: inFolders([...Object.keys(mayImport), 'platform', 'programs']), pathNot: [TEST, BUILDER] },
        to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
      },
      {
        name: 'only-tests-import-test-support',
        severity: 'error',
        from: { pathNot: [TEST, inFolders(['tests'])] },
        to: { path: TEST },
      },
      { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ],
    options: {
      parser: 'swc',
      tsPreCompilationDeps: true,
      doNotFollow: { path: 'node_modules' },
      exclude: { path: '^(?:data|bench/peers|web/dist)/' },
    },
  };
};
