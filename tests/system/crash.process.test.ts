import { randomInt } from 'node:crypto';
import { test } from 'vitest';
import { crashDocuments } from '../faults/crash-documents.ts';
import { crashEventStore } from '../faults/crash-event-store.ts';

const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 25);
const SEED = Number(process.env.CRASH_SEED ?? randomInt(2 ** 31));
const timeout = 300_000 + ROUNDS * 5_000;

test(`${ROUNDS} kills (CRASH_SEED=${SEED}) lose and double no acknowledged event`, { timeout }, () =>
  crashEventStore(ROUNDS, SEED),
);

test(`${ROUNDS} kills (CRASH_SEED=${SEED}) lose, split and double no acknowledged write`, { timeout }, () =>
  crashDocuments(ROUNDS, SEED),
);
