import { argumentsOf, UsageError } from '../../../programs/wiring/commands.ts';
import { storesOn } from '../../../programs/wiring/running.ts';
import { fail } from '../../../programs/wiring/shutdown.ts';
import { temporaryData, viewsAreBuilt } from '../../support/plaza.ts';
import { startProgram } from '../../support/processes.ts';
import { attack, attackWithBytes } from './attack.ts';
import { attackInSequences } from './sequences.ts';

/**
 * `npm run hostile [REQUESTS] [SEED] [single|sequences]`: 200,000 requests, right and wrong in every way, made from the
 * OpenAPI document that a fresh Plaza serves, and bytes that are hardly HTTP; then as many in sequences that follow its
 * links. The seed makes the same requests again.
 */
const [requests = 200_000, seed = Date.now() % 1_000_000, ONLY = 'both'] = argumentsOf('hostile').positionals;
const [REQUESTS, SEED] = [Number(requests), Number(seed)];
if (!['both', 'single', 'sequences'].includes(ONLY)) fail(new UsageError('hostile', `Unknown argument '${ONLY}'`));

const data = temporaryData();
const plaza = await startProgram('all-in-one', {
  PLAZA_DATA: data.folder,
  COMMAND_TIMEOUT_MS: '20000',
  QUERY_TIMEOUT_MS: '20000',
  LOG_LEVEL: 'error',
});
let exit: number | null | undefined;
void plaza.ended.then((code) => {
  exit = code;
});
await viewsAreBuilt(plaza.url);
const began = performance.now();
const findings: string[] = [];
const report = (what: string, requests: number, found: readonly string[], counts: ReadonlyMap<unknown, number>) => {
  for (const finding of found) console.log(finding);
  findings.push(...found);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`seed ${SEED}: ${requests} ${what}, after ${seconds} s, ${found.length} findings`);
  console.log([...counts].map(([name, count]) => `${name}: ${count}`).join(', '));
};
if (ONLY !== 'sequences') {
  const single = await attack(plaza.url, REQUESTS, SEED);
  const bytes = await attackWithBytes(plaza.url, 10, SEED);
  report('single requests', single.requests, [...single.findings, ...bytes], single.statuses);
}
if (ONLY !== 'single') {
  const { eventStoreUrl } = storesOn(data.folder)!;
  const sequences = await attackInSequences(plaza.url, eventStoreUrl, REQUESTS, SEED);
  report('requests in sequences', sequences.requests, sequences.findings, sequences.succeeded);
}
const stillRan = exit === undefined;
if (stillRan) console.log(`the process still runs, and ends with ${await plaza.end()}`);
else console.log(`the process ended with ${exit}`);
const errors = plaza
  .output()
  .split('\n')
  .filter((line) => line.includes('"level":50'));
console.log(`${errors.length} errors logged`, ...errors.slice(0, 5));
data.remove();
process.exit(findings.length + errors.length === 0 && stillRan ? 0 : 1);
