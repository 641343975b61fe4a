import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenedStores, openTestStores } from '../../embedded/testing.ts';
import { call, eventually, openProgram, type Plaza, SHIPPED, temporaryData } from '../support/plaza.ts';
import { load, registerLots } from './load.ts';
import { differingDocuments } from './views.ts';
import { FAULTS, startWire, type Wire } from './wire.ts';

/** Number of faults under load; `WIRE_FAULTS=5000` for a long run. */
const COUNT = Number(process.env.WIRE_FAULTS ?? 30);

const data = temporaryData();
let stores: OpenedStores;
let wires: Wire[];
let writeSides: Plaza[];
let projections: Plaza;
let lots: string[];

beforeAll(async () => {
  stores = await openTestStores({ dataFolder: data.folder });
  const port = Number(new URL(stores.eventStoreUrl.replace('esdb', 'http')).port);
  wires = await Promise.all([startWire(port), startWire(port)]);
  writeSides = await Promise.all(
    wires.map((wire) =>
      openProgram('write-side', {
        EVENTSTORE_URL: `esdb://127.0.0.1:${wire.port}?tls=false`,
        PLAZA_CONTEXTS: 'parking',
        ...SHIPPED,
      }),
    ),
  );
  projections = await openProgram('projections', {
    EVENTSTORE_URL: `esdb://127.0.0.1:${wires[0]!.port}?tls=false`,
    MONGODB_URL: stores.mongoUrl,
    MONGODB_DATABASE: 'plaza',
    PLAZA_CONTEXTS: 'parking',
  });
  lots = await registerLots(writeSides[0]!.url, 3 + Math.ceil(COUNT / 100));
});

afterAll(async () => {
  await Promise.all([projections, ...writeSides].map((program) => program.close()));
  await Promise.all(wires.map((wire) => wire.close()));
  await stores.stop();
  data.remove();
});

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test(`${COUNT} connection faults: every acknowledged command is stored once`, {
  timeout: 300_000 + COUNT * 5_000,
}, async () => {
  const loads = writeSides.map(({ url }) => load(url, lots, 8));
  const acknowledged = () => loads.map((each) => each.acknowledged.size);

  for (let count = 0; count < COUNT; count++) {
    const wire = wires[count % 2]!;
    const fault = FAULTS[Math.floor(count / 2) % FAULTS.length];
    wire.set(fault);
    await wait(Math.random() * 200);
    wire.set();
    const before = acknowledged();
    await eventually(
      async () => acknowledged(),
      (after) => after.every((size, index) => size > before[index]!),
    ).catch((error) => {
      throw new Error(`after ${fault}: ${error.message}`);
    });
  }

  // The same command through the other process gets the same answer and no second event.
  for (const again of loads[0]!.answers.slice(-20)) {
    const { body, path, status, etag } = again;
    const answer = await call(writeSides[1]!.url, 'POST', path, body);
    expect([answer.status, answer.headers.get('ETag')]).toEqual([status, etag]);
  }

  for (const each of loads) {
    await each.stop();
    expect(await each.brokenRules(stores.eventStoreUrl)).toEqual([]);
    for (const status of each.statuses.keys()) expect([201, 409, 503]).toContain(status);
  }
  expect(await differingDocuments(stores)).toEqual([]);
});
