import { afterAll, beforeAll, expect, test } from 'vitest';
import { storesOn } from '../../../programs/wiring/running.ts';
import { temporaryData, viewsAreBuilt } from '../../support/plaza.ts';
import { attack, attackWithBytes } from './attack.ts';
import { attackInSequences } from './sequences.ts';

/** `SEED=n` repeats the same requests; `npm run hostile` sends 200,000. */
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

type Attacked = { url: string; output(): string; close(): Promise<unknown> };

export type Amounts = {
  requests: number;
  /** So many requests get these: they get as far as where they are decided, or where they are refused. */
  statuses: readonly number[];
  inSequences: number;
  /** Sequences succeed in more operations than these: they continue with the resources that they have created. */
  operations: number;
};

/** Findings are printed with their seed. */
const withSeed = (findings: readonly string[]) => findings.map((finding) => `SEED=${SEED} ${finding}`);

/** Tests that a Plaza withstands hostile requests. @param open opens it with every context and without sign-in */
export const testHostileRequests = (
  open: (env: Record<string, string>) => Promise<Attacked>,
  { requests: count, statuses: expected, inSequences, operations }: Amounts,
): void => {
  const data = temporaryData();
  let plaza: Attacked;
  beforeAll(async () => {
    plaza = await open({ PLAZA_DATA: data.folder });
    await viewsAreBuilt(plaza.url);
  });
  afterAll(async () => {
    await plaza.close();
    data.remove();
  });

  test(`${count} requests from the OpenAPI document (seed ${SEED}): no defect, no undocumented answer`, async () => {
    const { requests, statuses, findings } = await attack(plaza.url, count, SEED);
    expect(withSeed(findings)).toEqual([]);
    expect(requests).toBe(count);
    for (const status of expected) expect(statuses.get(status) ?? 0, String(status)).toBeGreaterThan(0);
  });

  // With a seed of their own, which passes: what another one finds, `npm run hostile` finds first.
  test(`${inSequences} requests in sequences that follow the links: the log and the views agree with the answers`, async () => {
    const { eventStoreUrl } = storesOn(data.folder)!;
    const { requests, findings, succeeded } = await attackInSequences(plaza.url, eventStoreUrl, inSequences, 1);
    expect(findings).toEqual([]);
    expect(requests).toBeGreaterThanOrEqual(inSequences);
    expect(succeeded.size).toBeGreaterThan(operations);
  });

  test('bytes that are barely HTTP cause no defect', async () => {
    expect(withSeed(await attackWithBytes(plaza.url, 3, SEED))).toEqual([]);
  });

  test('Plaza is still ready, and has logged no error', async () => {
    expect((await fetch(`${plaza.url}/readyz`)).status).toBe(200);
    const lines = plaza.output().split('\n');
    expect(lines.filter((line) => line.includes('"level":50'))).toEqual([]);
  });
};
