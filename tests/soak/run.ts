import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { argumentsOf } from '../../programs/wiring/commands.ts';
import { findNginx } from '../deploy/nginx.ts';
import { chartOf } from './chart.ts';
import { leaksOf, trendsOf } from './samples.ts';
import { soak } from './soak.ts';

/**
 * `npm run soak -- [--minutes 120] [--rate 60] [--out data/soak] [--seed 1] [--disturb-every 45]`: runs every side for
 * a long time under a load of so many commands a second, while processes are killed and replaced and views are
 * replayed. Fails when memory, handles, files or lag grow, or when the log or a view is not as it must be. Needs nginx
 * and Linux. Ctrl-C ends it early.
 *
 * Writes to the folder `out`: `samples.jsonl`, `soak.svg`, and `result.md` with what is also printed.
 */
const values = {
  minutes: '120',
  rate: '60',
  out: 'data/soak',
  seed: '1',
  'disturb-every': '45',
  'sample-every': '5',
  ...argumentsOf('soak').values,
};
const MOST_LINES = 40;

const nginx = findNginx();
if (!nginx) {
  console.error('nginx is missing: apt-get install nginx');
  process.exit(1);
}
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    console.log(`ends early, by ${signal}`);
    stopping.abort();
  });
mkdirSync(values.out, { recursive: true });
const samplesFile = join(values.out, 'samples.jsonl');
writeFileSync(samplesFile, '');

const began = performance.now();
const outcome = await soak(nginx, {
  minutes: Number(values.minutes),
  rate: Number(values.rate),
  disturbEvery: Number(values['disturb-every']) * 1000,
  sampleEvery: Number(values['sample-every']) * 1000,
  seed: values.seed,
  signal: stopping.signal,
  log: (line) => console.log(`${((performance.now() - began) / 60_000).toFixed(1)} min  ${line}`),
  onSample: (sample) => appendFileSync(samplesFile, `${JSON.stringify(sample)}\n`),
});

const { samples, disturbances, commands, queries, events, received, failures } = outcome;
const trends = trendsOf(samples);
const wrong = [...leaksOf(trends), ...outcome.wrong];
const lasted = ((samples.at(-1)?.seconds ?? 0) / 60).toFixed(0);
const done = (kind: string) => disturbances.filter((one) => one.kind === kind).length;
const title = `${lasted} minutes at ${values.rate} commands a second, with ${done('kill')} kills, ${done('replace')} rolling replacements and ${done('replay')} replays`;
const report = [
  `${title}; ${cpus().length} cores, ${cpus()[0]?.model}`,
  `${commands} commands, ${queries} queries, ${events} events; pages received ${received} events`,
  ...[...failures].map(([what, count]) => `failed attempts: ${count} × ${what}`),
  '',
  '| second half | median | growth | flat up to | |',
  '|---|---:|---:|---:|---|',
  ...trends.map(
    ({ what, unit, median, growth, limit }) =>
      `| ${what} | ${median.toFixed(1)} | ${growth.toFixed(1)} | ${limit.toFixed(1)} | ${unit} |`,
  ),
  '',
  `${wrong.length} findings`,
  ...wrong.slice(0, MOST_LINES),
].join('\n');
writeFileSync(join(values.out, 'soak.svg'), chartOf(samples, disturbances, title));
writeFileSync(join(values.out, 'result.md'), `${report}\n`);
console.log(report);
process.exit(wrong.length === 0 ? 0 : 1);
