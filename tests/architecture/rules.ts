import type { IConfiguration, IForbiddenRuleType } from 'dependency-cruiser';

/** What each folder of the program may import besides itself. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  http: ['schemas'],
  'event-store': [],
  subscriptions: ['schemas', 'event-store'],
  telemetry: ['schemas', 'event-store', 'subscriptions'],
  identity: ['schemas', 'http'],
  'write-side': ['schemas', 'http', 'identity', 'event-store'],
  policies: ['schemas', 'event-store', 'subscriptions'],
  projections: ['schemas', 'http', 'event-store', 'subscriptions'],
  'read-api': ['schemas', 'http', 'identity', 'subscriptions'],
  embedded: [],
  payment: ['schemas'],
  messages: ['schemas'],
};

/** A side's `main.ts` and `start.ts` put it together from more than the rest of it may know. */
const mayWire: Readonly<Record<string, readonly string[]>> = {
  'write-side': ['start', 'telemetry'],
  policies: ['start', 'telemetry', 'http', 'write-side'],
  projections: ['start', 'telemetry', 'identity'],
  'read-api': ['start', 'telemetry', 'package.json'],
  payment: ['start'],
};

/** Folders that may import everything, and that nothing else may import; `start` only where `mayWire` says so. */
export const free: readonly string[] = ['start', 'tests', 'bench', 'deploy', 'control-center'];

const any = (names: readonly string[]): string => `(?:${names.join('|')})`;
const inFolders = (names: readonly string[]): string => `^${any(names)}(?:/|$)`;

/** Tests, and what only tests use. */
const TEST = '(?:\\.test|/testing)\\.ts$';
const WIRING = '^[^/]+/(?:main|start)\\.ts$';
const SIDES = any(['write-side', 'policies', 'projections', 'read-api', 'schemas']);

const folderRules = Object.entries(mayImport).flatMap(([folder, others]): IForbiddenRuleType[] => {
  const rule = (from: IForbiddenRuleType['from'], allowed: readonly string[]): IForbiddenRuleType => ({
    name: `${folder}-imports-only-what-it-may`,
    severity: 'error',
    from,
    to: { dependencyTypes: ['local'], pathNot: inFolders([folder, ...allowed]) },
  });
  const wiring = mayWire[folder];
  if (!wiring) return [rule({ path: inFolders([folder]), pathNot: TEST }, others)];
  return [
    rule({ path: inFolders([folder]), pathNot: [TEST, WIRING] }, others),
    rule({ path: `^${folder}/(?:main|start)\\.ts$` }, [...others, ...wiring]),
  ];
});

/** The page knows what may be said, as types, and nothing of the program behind it. */
const pageRules: readonly IForbiddenRuleType[] = [
  {
    name: 'the-page-imports-only-schemas',
    severity: 'error',
    from: { path: '^control-center/src/', pathNot: TEST },
    to: { dependencyTypes: ['local'], pathNot: inFolders(['control-center/src', 'schemas']) },
  },
  {
    name: 'the-page-takes-only-types-of-schemas',
    severity: 'error',
    from: { path: '^control-center/src/', pathNot: TEST },
    to: { path: '^schemas/', dependencyTypesNot: ['type-only'] },
  },
];

/**
 * The dependency rules of the project.
 * @param contexts names of the bounded contexts, as their files and folders are called
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
        from: { path: `^${SIDES}/${context}[./]` },
        to: { path: `^${SIDES}/${context}[./]`, pathNot: `^${SIDES}/$1[./]` },
      },
      {
        name: 'kernels-know-no-context',
        severity: 'error',
        from: { path: '/kernel/', pathNot: TEST },
        to: { path: `^${SIDES}/${context}[./]` },
      },
      {
        name: 'deciders-are-pure',
        severity: 'error',
        from: { path: `^write-side/${context}/`, pathNot: TEST },
        to: {
          pathNot: [
            '^write-side/$1/',
            '^write-side/kernel/(?:decider|context|around)\\.ts$',
            '^schemas/',
            '(?:^|node_modules/)immutable(?:/|$)',
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
            '^projections/kernel/(?:projection|history|activity)\\.ts$',
            '^schemas/',
            '(?:^|node_modules/)typebox(?:/|$)',
          ],
        },
      },
      {
        name: 'policies-are-pure',
        severity: 'error',
        from: { path: `^policies/${context}[./]`, pathNot: TEST },
        to: { pathNot: ['^policies/$1[./]', '^policies/kernel/(?:policy|process)\\.ts$', '^schemas/'] },
      },
      {
        name: 'only-event-store-knows-the-client',
        severity: 'error',
        from: { pathNot: [inFolders(['event-store', 'embedded', 'tests', 'bench'])] },
        to: { path: '@eventstore/db-client' },
      },
      {
        name: 'production-needs-no-dev-dependency',
        severity: 'error',
        from: { path: inFolders([...Object.keys(mayImport), 'start']), pathNot: TEST },
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
      exclude: { path: '^(?:data|bench/peers)/' },
    },
  };
};
