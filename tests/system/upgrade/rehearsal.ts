import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startEmbeddedStores } from '../../../embedded/start.ts';
import { connectEventStore, disconnectEventStore } from '../../../platform/event-store/client.ts';
import { streams } from '../../../platform/event-store/streams.ts';
import { events } from '../../../schemas/parking.ts';
import { ROOT, readCompose } from '../../deploy/compose.ts';
import { type Instance, openInstance, ready, succeed } from '../../deploy/instances.ts';
import { startGateway } from '../../deploy/nginx.ts';
import { callUnchecked as call, temporaryData } from '../../support/plaza.ts';
import { startProgram } from '../../support/processes.ts';
import { type Clients, LOTS, SHOPS, startClients } from './clients.ts';
import { makeNextVersion } from './next-version.ts';

export type RehearsalOptions = {
  /** Number of clients; each has its own connection. */
  clients: number;
  /** The least number of answered requests in each of the two restarts. */
  requests: number;
  /** Milliseconds between a client's answer and its next request. */
  pace: number;
  log?: (line: string) => void;
};

export type Outcome = {
  requests: number;
  kinds: ReadonlyMap<string, number>;
  /** A line for each wrong answer. */
  wrong: readonly string[];
  /**
   * A line for each acknowledged command that is not stored exactly once, and for each stored one that was not
   * acknowledged.
   */
  lostOrDoubled: readonly string[];
  /** The output of `npm run verify` in the final version. */
  verified: string;
  /** The versions that answer at the end. */
  versions: readonly string[];
  /** Events that were stored in the new version of their schema, and that were parked. */
  newEvents: number;
  parked: number;
};

/** Compares the clients' answers with the events: each command has one effect. */
const compare = async (eventStoreUrl: string, { reservations }: Clients) => {
  const client = connectEventStore(eventStoreUrl);
  const stored = new Map<string, string[]>();
  let newEvents = 0;
  for (const lotId of LOTS) {
    for await (const { type, data, metadata } of streams(client).read(`parkingLot-${lotId}`, 0n)) {
      if (type === 'LotRegistered') continue;
      const id = `${lotId}.${(data as { reservationId: string }).reservationId}`;
      stored.set(id, [...(stored.get(id) ?? []), type]);
      if (type === 'ParkingReserved' && metadata.schemaVersion > events.ParkingReserved.version) newEvents += 1;
    }
  }
  await disconnectEventStore(client);
  const expected = { reserved: 'ParkingReserved', canceled: 'ParkingReserved,ReservationCanceled' };
  const lostOrDoubled = [...new Set([...reservations.keys(), ...stored.keys()])].flatMap((id) => {
    const status = reservations.get(id);
    const events = String(stored.get(id) ?? 'nothing');
    return status && events === expected[status] ? [] : [`${id}: told ${status ?? 'nothing'}, stored ${events}`];
  });
  return { lostOrDoubled, newEvents };
};

/**
 * A rolling restart of two write sides and two read APIs behind nginx on deploy/gateway, as docs/operations.md has it,
 * under clients: first with the same version, then with one that changes a projection and an event's schema.
 */
export const rehearse = async (nginx: string, options: RehearsalOptions): Promise<Outcome> => {
  const { clients: count, requests, pace, log = () => {} } = options;
  const data = temporaryData();
  const nextVersion = join(data.folder, 'next');
  makeNextVersion(nextVersion);
  const stores = await startEmbeddedStores({ dataFolder: join(data.folder, 'data') });
  const drain = readCompose().services['write-side']?.environment?.DRAIN_SECONDS ?? '';
  const env = {
    EVENTSTORE_URL: stores.eventStoreUrl,
    MONGODB_URL: stores.mongoUrl,
    PLAZA_CONTEXTS: 'parking,food-court',
    DRAIN_SECONDS: drain,
    // A busy machine must not turn answers into 503s here.
    COMMAND_TIMEOUT_MS: '9000',
    QUERY_TIMEOUT_MS: '20000',
    LOG_LEVEL: 'info',
  };

  /**
   * Replaces a side like an operator, Compose or Kubernetes: ends it, starts its successor, and waits until that is
   * ready.
   */
  const replace = async (instance: Instance, root: string): Promise<void> => {
    const { name, port, program } = instance;
    const code = await program.end('SIGTERM');
    if (code !== 0) throw new Error(`${name} ended with ${code}:\n${program.output().slice(-2000)}`);
    await succeed(instance, env, root);
    log(`${name} on ${port} replaced`);
  };

  let projections = await startProgram('projections', env);
  let policies = await startProgram('policies', env);
  const [writeSides, readApis] = await Promise.all([
    Promise.all([openInstance('write-side', env), openInstance('write-side', env)]),
    Promise.all([openInstance('read-api', env), openInstance('read-api', env)]),
  ]);
  await Promise.all([projections, ...writeSides.map(({ program }) => program)].map(ready));
  const ports = (instances: readonly Instance[]) => instances.map(({ port }) => Number(port));
  const gateway = await startGateway(nginx, {
    writeSide: ports(writeSides),
    readApi: ports(readApis),
    projections: [Number(new URL(projections.url).port)],
  });
  const programs = () => [projections, policies, ...[...writeSides, ...readApis].map(({ program }) => program)];

  try {
    const opened = [
      ...LOTS.map((lotId) => ['/parking/lots', { lotId, name: lotId, spots: 100_000 }] as const),
      ...Array.from({ length: count }, (_, client) => {
        return ['/parking/lots', { lotId: `own-${client}`, name: 'own', spots: 5 }] as const;
      }),
      ...SHOPS.map((shopId) => ['/food-court/shops', { shopId, name: shopId }] as const),
    ];
    let position = '';
    for (const [path, body] of opened)
      position = (await call(gateway.url, 'POST', path, body)).headers.get('Event-Position') ?? '';
    const seen = { 'Min-Event-Position': position, Prefer: 'wait=30' };
    await call(gateway.url, 'GET', `/parking/lots/${LOTS[0]}`, undefined, seen);

    const clients = startClients(gateway.url, count, pace);
    const answered = async (least: number) => {
      while (clients.answered < least) await pause(20);
    };

    for (const side of [0, 1]) await Promise.all([writeSides, readApis].map((side_) => replace(side_[side]!, ROOT)));
    await answered(requests);
    log(`the same version: ${clients.answered} requests, ${clients.wrong.length} answered wrongly`);

    const before = clients.answered;
    const successor = await startProgram('projections', env, nextVersion);
    await ready(successor);
    await projections.end();
    projections = successor;
    log('the projections are replaced, their views rebuilt');
    for (const instance of [...readApis, ...writeSides]) await replace(instance, nextVersion);
    await policies.end();
    policies = await startProgram('policies', env, nextVersion);
    await answered(before + requests);
    await clients.stop();
    log(`another version: ${clients.answered - before} requests, ${clients.wrong.length} answered wrongly in all`);

    const center = await call<{ projections: { parked: number }[] }>(gateway.url, 'GET', '/control-center');
    const versions = await Promise.all(
      readApis.map(
        async ({ program }) =>
          (await call<{ info: { version: string } }>(program.url, 'GET', '/openapi.json')).body.info.version,
      ),
    );
    const { lostOrDoubled, newEvents } = await compare(stores.eventStoreUrl, clients);
    await Promise.all(programs().map((program) => program.end()));
    const verify = promisify(execFile)(process.execPath, ['programs/verify.ts'], {
      cwd: nextVersion,
      env: { ...process.env, ...env },
    });
    return {
      requests: clients.answered,
      kinds: clients.kinds,
      wrong: clients.wrong,
      lostOrDoubled,
      verified: await verify.then(
        ({ stdout }) => stdout,
        ({ stdout }) => stdout,
      ),
      versions,
      newEvents,
      parked: center.body.projections.reduce((sum, { parked }) => sum + parked, 0),
    };
  } finally {
    await Promise.all(programs().map((program) => program.end('SIGKILL')));
    await gateway.stop();
    await stores.stop();
    data.remove();
  }
};
