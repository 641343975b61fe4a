import { argumentsOf } from '../../../programs/wiring/commands.ts';
import { findNginx } from '../../deploy/nginx.ts';
import { rehearse } from './rehearsal.ts';

/**
 * `npm run rehearse [REQUESTS [PACE]]`: a rolling restart under 100 clients, with at least as many requests (100,000),
 * half of them while the same version starts again, half while another one takes over. PACE is how many milliseconds a
 * client waits before its next request. Needs nginx.
 */
const [REQUESTS = 100_000, PACE = 0] = argumentsOf('rehearse').positionals.map(Number);

const nginx = findNginx();
if (!nginx) {
  console.error('nginx is missing: apt-get install nginx');
  process.exit(1);
}
const began = performance.now();
const log = (line: string) => console.log(`${((performance.now() - began) / 1000).toFixed(1)} s  ${line}`);
const { requests, kinds, wrong, lostOrDoubled, verified, newEvents, parked } = await rehearse(nginx, {
  clients: 100,
  requests: REQUESTS / 2,
  pace: PACE,
  log,
});
for (const [kind, count] of kinds) console.log(`  ${kind}: ${count}`);
console.log(verified);
for (const line of [...wrong, ...lostOrDoubled].slice(0, 50)) console.log(line);
const share = (100 * (requests - wrong.length)) / requests;
console.log(
  `${requests} requests, ${share.toFixed(4)} % answered as they should be; ${lostOrDoubled.length} lost or doubled`,
);
console.log(`${newEvents} events of the new schema, ${parked} parked`);
const isRight = wrong.length + lostOrDoubled.length + parked === 0 && !/, [1-9]\d* differ/.test(verified);
process.exit(isRight ? 0 : 1);
