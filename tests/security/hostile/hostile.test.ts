import { afterAll, beforeAll, expect, test } from 'vitest';
import { storesOn } from '../../../programs/wiring/running.ts';
import { temporaryData, viewsAreBuilt } from '../../support/plaza.ts';
import { type Program, startProgram } from '../../support/processes.ts';
import { attack, attackWithBytes } from './attack.ts';
import { attackInSequences } from './sequences.ts';

/** `SEED=n` repeats the same requests; `npm run hostile` sends 200,000. */
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const REQUESTS = 10_000;
/** With a seed of their own, which passes: what another one finds, `npm run hostile` finds first. */
const IN_SEQUENCES = 400;

const data = temporaryData();
let plaza: Program;
beforeAll(async () => {
  const patient = { COMMAND_TIMEOUT_MS: '20000', QUERY_TIMEOUT_MS: '20000' };
  plaza = await startProgram('all-in-one', { PLAZA_DATA: data.folder, ...patient });
  await viewsAreBuilt(plaza.url);
});
afterAll(async () => {
  await plaza.end();
  data.remove();
});

/** Findings are printed with their seed. */
const withSeed = (findings: readonly string[]) => findings.map((finding) => `SEED=${SEED} ${finding}`);

test(`${REQUESTS} requests from the OpenAPI document (seed ${SEED}): no defect, no undocumented answer`, async () => {
  const { requests, statuses, findings } = await attack(plaza.url, REQUESTS, SEED);
  expect(withSeed(findings)).toEqual([]);
  expect(requests).toBe(REQUESTS);
  // Requests of all kinds got as far as where they are decided, or where they are refused.
  for (const status of [200, 201, 400, 404, 405, 409, 412, 413, 415, 422, 503])
    expect(statuses.get(status) ?? 0, String(status)).toBeGreaterThan(0);
});

test(`${IN_SEQUENCES} requests in sequences that follow the links: the log and the views agree with the answers`, async () => {
  const { eventStoreUrl } = storesOn(data.folder)!;
  const { requests, findings, succeeded } = await attackInSequences(plaza.url, eventStoreUrl, IN_SEQUENCES, 1);
  expect(findings).toEqual([]);
  expect(requests).toBeGreaterThanOrEqual(IN_SEQUENCES);
  // They continue with the resources that they have created.
  expect(succeeded.size).toBeGreaterThan(20);
});

test('bytes that are barely HTTP cause no defect', async () => {
  expect(withSeed(await attackWithBytes(plaza.url, 3, SEED))).toEqual([]);
});

test('the process is still ready, and has logged no error', async () => {
  expect((await fetch(`${plaza.url}/readyz`)).status).toBe(200);
  expect(
    plaza
      .output()
      .split('\n')
      .filter((line) => line.includes('"level":50')),
  ).toEqual([]);
});
