import { test } from 'vitest';
import { killUnderLoad } from '../faults/kill-under-load.ts';

/** `KILLS=500` for a long run. */
const KILLS = Number(process.env.KILLS ?? 25);

test(
  `killed ${KILLS} times under load: every acknowledged command is stored once`,
  {
    timeout: 300_000 + KILLS * 10_000,
  },
  () => killUnderLoad(KILLS),
);
