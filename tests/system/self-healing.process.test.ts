import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmbeddedStores, startEmbeddedStores } from '../../embedded/start.ts';
import { ROOT } from '../deploy/compose.ts';
import { readResources } from '../deploy/kubernetes.ts';
import { findNginx, type Gateway, startGateway } from '../deploy/nginx.ts';
import { callUnchecked as call, temporaryData } from '../support/plaza.ts';
import { type Program, startProgram } from '../support/processes.ts';

type Probe = {
  httpGet: { path: string };
  periodSeconds: number;
  timeoutSeconds: number;
  failureThreshold: number;
  terminationGracePeriodSeconds: number;
};

const probeOf = (name: string): Probe =>
  readResources(join(ROOT, 'deploy/kubernetes/base')).find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === name,
  )?.spec.template.spec.containers[0].livenessProbe;

type Pod = { program: Program; restarts: number; delete(): Promise<void> };

/** How much faster the kubelet below probes than a real one; it waits for an answer as long. */
const FASTER = 10;

/** Runs a container like a kubelet: liveness probe, SIGTERM, grace period, SIGKILL and restart. */
const runPod = async (probe: Probe, start: (port: string) => Promise<Program>): Promise<Pod> => {
  const pod: Pod = { program: await start('0'), restarts: 0, delete: async () => {} };
  const { port } = new URL(pod.program.url);
  const deleted = new AbortController();
  const isAlive = () =>
    fetch(pod.program.url + probe.httpGet.path, { signal: AbortSignal.timeout(probe.timeoutSeconds * 1000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  const restart = async () => {
    const grace = setTimeout(() => void pod.program.end('SIGKILL'), probe.terminationGracePeriodSeconds * 1000);
    await pod.program.end('SIGTERM');
    clearTimeout(grace);
    pod.program = await start(port);
    pod.restarts += 1;
  };
  const watch = async () => {
    for (let failures = 0; !deleted.signal.aborted; ) {
      failures = (await isAlive()) ? 0 : failures + 1;
      if (failures === probe.failureThreshold) {
        await restart();
        failures = 0;
      }
      await pause((probe.periodSeconds * 1000) / FASTER, undefined, { signal: deleted.signal }).catch(() => {});
    }
  };
  const watching = watch();
  pod.delete = async () => {
    deleted.abort();
    await watching;
    await pod.program.end();
  };
  return pod;
};

const nginx = findNginx();

describe.skipIf(!nginx)('a write side whose event loop is blocked (needs nginx)', () => {
  const data = temporaryData();
  let stores: EmbeddedStores;
  let pods: Pod[];
  let gateway: Gateway;
  beforeAll(async () => {
    stores = await startEmbeddedStores({ dataFolder: data.folder });
    const env = {
      EVENTSTORE_URL: stores.eventStoreUrl,
      PLAZA_CONTEXTS: 'parking',
      // A busy machine must not turn answers into 503s here.
      COMMAND_TIMEOUT_MS: '8000',
      // SIGUSR2 starts an endless loop, as a defect would.
      NODE_OPTIONS: "--import=data:text/javascript,process.on('SIGUSR2',()=>{for(;;);})",
    };
    const start = (port: string) => startProgram('write-side', { ...env, WRITE_SIDE_PORT: port });
    pods = await Promise.all([1, 2].map(() => runPod(probeOf('write-side'), start)));
    const ports = pods.map(({ program }) => Number(new URL(program.url).port));
    gateway = await startGateway(nginx ?? '', { writeSide: ports, readApi: ports, projections: ports });
  });
  afterAll(async () => {
    await gateway.stop();
    await Promise.all(pods.map((pod) => pod.delete()));
    await stores.stop();
    data.remove();
  });

  test('is replaced, the other one continues, and no command is lost', async () => {
    const [blocked, other] = pods as [Pod, Pod];
    const register = (lotId: string) => call(gateway.url, 'POST', `/parking/lots`, { lotId, name: lotId, spots: 5 });
    const lots = Array.from({ length: 12 }, (_, lot) => `lot-${lot}`);
    for (const lotId of lots) expect((await register(lotId)).status).toBe(201);

    process.kill(blocked.program.pid, 'SIGUSR2');
    const reserve = (lotId: string, car: string) =>
      call(gateway.url, 'POST', `/parking/lots/${lotId}/reservations`, { customerId: 'c', carNumber: car, amount: 1 });
    const answers = Promise.all(lots.map((lotId) => reserve(lotId, 'car-1')));
    const spared = lots.map((lotId) => reserve(lotId, 'car-2'));
    await Promise.any(spared);
    expect(blocked.restarts).toBe(0);

    const statuses = [...(await answers), ...(await Promise.all(spared))].map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([201]));
    while (blocked.restarts === 0) await pause(50);
    expect((await call(blocked.program.url, 'GET', '/livez')).status).toBe(200);
    for (const lotId of lots) {
      const answer = await call(blocked.program.url, 'PATCH', `/parking/lots/${lotId}`, { spots: 1 });
      expect(answer).toMatchObject({ status: 409, body: { detail: '2 are reserved, held or offered' } });
    }
    expect([blocked.restarts, other.restarts]).toEqual([1, 0]);
  });
});
