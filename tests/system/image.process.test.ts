import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmbeddedStores, startEmbeddedStores } from '../../embedded/start.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { ROOT, readCompose, sidesOf } from '../deploy/compose.ts';
import { eventually } from '../support/plaza.ts';
import { buildImage, type Image } from './image.ts';

/** nobody, in Debian: may read the image and write nowhere in it. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

let work: string;
let image: Image;
let stores: EmbeddedStores;
const children: ChildProcess[] = [];

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'image-'));
  await chmod(work, 0o755);
  image = await buildImage(ROOT, work);
  // The folder that docker-compose.yml mounts as /tmp: a side may write nowhere else.
  await mkdir(join(work, 'tmp'));
  await chmod(join(work, 'tmp'), 0o777);
  stores = await startEmbeddedStores({ dataFolder: join(work, 'data') });
});

afterAll(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await stores?.stop();
  await rm(work, { recursive: true, force: true });
});

/** Runs a command in the image as the image's user. */
const runInImage = (command: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess => {
  const [program, ...args] = command;
  expect(program).toBe('node');
  const child = spawn(process.execPath, args, {
    cwd: image.folder,
    env: { ...image.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  children.push(child);
  return child;
};

/** Starts a service of docker-compose.yml in the image, and waits for its ready line. */
const startService = async (name: string): Promise<{ child: ChildProcess; url: string }> => {
  const env = { AUTH: 'off', EVENTSTORE_URL: stores.eventStoreUrl, MONGODB_URL: stores.mongoUrl };
  const service = readCompose(env).services[name];
  const child = runInImage(service?.command ?? image.command, {
    ...Object.fromEntries(
      Object.entries(service?.environment ?? {}).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
    ),
    HOST: '127.0.0.1',
    WRITE_SIDE_PORT: '0',
    READ_API_PORT: '0',
    PROJECTIONS_PORT: '0',
    POLICIES_PORT: '0',
    PAYMENT_SANDBOX_PORT: '0',
    PLAZA_DATA: join(work, 'tmp', name),
  });
  const output: string[] = [];
  const line = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream! }).on('line', (text) => {
        output.push(text);
        if (/listens on/.test(text)) resolve(text);
      });
    }
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}:\n${output.join('\n')}`)));
  });
  return { child, url: /http:\/\/[\d.:]+/.exec(line)?.[0] ?? '' };
};

const end = async (child: ChildProcess): Promise<number | null> => {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = await ended;
  return code;
};

describe('the image', () => {
  test('contains the dependencies and no development dependency', async () => {
    const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
    const isInstalled = (name: string) => existsSync(join(image.folder, 'node_modules', name));
    const { dependencies, devDependencies } = packageJson;
    const forDevelopmentOnly = Object.keys(devDependencies).filter((name) => packages[`node_modules/${name}`].dev);
    expect(forDevelopmentOnly.filter(isInstalled)).toEqual([]);
    expect(Object.keys(dependencies).filter((name) => !isInstalled(name))).toEqual([]);
  });

  test('contains the program and no test', async () => {
    const files = await readdir(image.folder, { recursive: true });
    const own = files.filter((file) => !file.startsWith('node_modules'));
    for (const [, { command = [] }] of sidesOf(readCompose())) expect(own).toContain(command[1]);
    expect(own).toContain('deploy/health-check.ts');
    expect(own.filter((file) => /\.test\.ts$|(^|\/)testing\.ts$|^(tests|bench|docs|data)\//.test(file))).toEqual([]);
  });

  test('contains the built pages', async () => {
    const files = await readdir(join(image.folder, 'web/dist'), { recursive: true });
    for (const page of ['staff', 'app']) {
      expect(files).toContain(`${page}/index.html`);
      expect(files.map((file) => file.replace(/-[\w-]+\.js$/, '.js'))).toContain(`assets/${page}.js`);
    }
    expect(files).toContain('app/worker.js');
  });

  test('runs as a user other than root, and contains no second Node.js', async () => {
    expect(image.user).toBe('node');
    expect(await readdir(join(image.folder, 'node_modules/node'))).not.toContain('bin');
  });

  test('runs every side of docker-compose.yml, and its health check reports readiness', async () => {
    const running = await Promise.all(
      sidesOf(readCompose()).map(async ([name, service]) => ({ name, service, ...(await startService(name)) })),
    );
    for (const { name, service, url } of running) {
      const [kind, ...check] = service.healthcheck?.test ?? [];
      if (!kind) continue;
      expect((await fetch(`${url}/livez`)).status, name).toBe(200);
      const asked = check.map((word) => word.replace(/http:\/\/127\.0\.0\.1:\d+/, url));
      // Repeatedly, like Docker, until the side is ready.
      let outcome: unknown[];
      do outcome = await once(runInImage(asked), 'exit');
      while (outcome[0] !== 0);
    }

    const urlOf = (side: string) => running.find(({ name }) => name === side)?.url;
    const register = () =>
      fetch(`${urlOf('write-side')}/parking/lots`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'lot-1' },
        body: JSON.stringify({ lotId: 'lot-1', name: 'Seohyeon', spots: 3 }),
      });
    const registered = await eventually(register, ({ status }) => status !== 503);
    expect(registered.status).toBe(201);
    const headers = { 'Min-Event-Position': registered.headers.get('Event-Position') ?? '', Prefer: 'wait=20' };
    const read = () => fetch(`${urlOf('read-api')}/parking/lots/lot-1`, { headers });
    const seen = await eventually(read, ({ status }) => status === 200);
    expect(await seen.json()).toMatchObject({ lotId: 'lot-1', spots: 3, free: 3 });

    for (const { name, child } of running) expect(await end(child), name).toBe(0);
  });

  test('has a health check that fails without an answer', async () => {
    expect(await once(runInImage(['node', 'deploy/health-check.ts', 'http://127.0.0.1:1/readyz']), 'exit')).toEqual([
      1,
      null,
    ]);
  });
});
