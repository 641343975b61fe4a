import { startProgram, temporaryData, viewsAreBuilt } from '../../support/plaza.ts';
import { attack, attackWithBytes } from './attack.ts';

/**
 * `npm run hostile [REQUESTS] [SEED]`: 200,000 requests, right and wrong in every way, made from the OpenAPI document that a
 * fresh Plaza serves, and bytes that are hardly HTTP. The seed makes the same requests again.
 */
const REQUESTS = Number(process.argv[2] ?? 200_000);
const SEED = Number(process.argv[3] ?? Date.now() % 1_000_000);

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
const { requests, statuses, findings } = await attack(plaza.url, REQUESTS, SEED);
const more = await attackWithBytes(plaza.url, 10, SEED);
for (const finding of [...findings, ...more]) console.log(finding);
const seconds = (performance.now() - began) / 1000;
console.log(`seed ${SEED}: ${requests} requests in ${seconds.toFixed(0)} s, ${findings.length + more.length} findings`);
console.log(
  [...statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${status}: ${count}`)
    .join(', '),
);
const stillRan = exit === undefined;
if (stillRan) console.log(`the process still runs, and ends with ${await plaza.end()}`);
else console.log(`the process ended with ${exit}`);
const errors = plaza
  .output()
  .split('\n')
  .filter((line) => line.includes('"level":50'));
console.log(`${errors.length} errors logged`, ...errors.slice(0, 5));
data.remove();
process.exit(findings.length + more.length + errors.length === 0 && stillRan ? 0 : 1);
