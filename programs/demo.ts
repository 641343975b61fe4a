import { setTimeout as delay } from 'node:timers/promises';

/**
 * `npm run demo [-- URL]`: plays the car park's walk-through against a running Plaza. Shows each command, its answer,
 * its events and the changed views. Uses new ids each time.
 */
const base = process.argv[2] ?? `http://localhost:${process.env.PORT ?? 8088}`;
const run = Date.now().toString(36);
const lot1 = `demo-${run}-1`;
const lot2 = `demo-${run}-2`;

const bold = (text: string) => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[22m` : text);
const dim = (text: string) => (process.stdout.isTTY ? `\x1b[2m${text}\x1b[22m` : text);

type Answer = { status: number; body: Record<string, unknown>; position: string | null };

const call = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
  const response = await fetch(base + path, {
    method,
    headers: { ...headers, ...(body ? { 'Content-Type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const answer: Answer = {
    status: response.status,
    body: (await response.json()) as Record<string, unknown>,
    position: response.headers.get('Event-Position'),
  };
  return answer;
};

const step = (what: string) => console.log(`\n${bold(what)}`);

const command = async (method: string, path: string, body?: object): Promise<Answer> => {
  console.log(`  ${method} ${path} ${body ? JSON.stringify(body) : ''}`);
  const answer = await call(method, path, body);
  const { type, title } = answer.body;
  console.log(`  → ${answer.status} ${answer.status < 400 ? JSON.stringify(answer.body) : `${title} (${type})`}`);
  return answer;
};

/** Repeats a query until the answer is as expected: policies act a moment after the command's answer. */
const query = async (path: string, position: string | null, expected: (body: Record<string, unknown>) => boolean) => {
  const headers: Record<string, string> = position ? { 'Min-Event-Position': position, Prefer: 'wait=5' } : {};
  for (let tries = 0; tries < 100; tries++) {
    const { status, body } = await call('GET', path, undefined, headers);
    if (status === 200 && expected(body)) {
      console.log(dim(`  GET ${path}`));
      console.log(`  → ${JSON.stringify(body)}`);
      return;
    }
    await delay(50);
  }
  throw new Error(`GET ${path} does not show the expected state`);
};

const couponIs = (status: string) => (body: Record<string, unknown>) => body.status === status;

const play = async () => {
  console.log(`Playing the car park's walk-through against ${base}`);

  step('Two lots: one with 5 spots, one with none');
  await command('POST', '/parking/lots', { lotId: lot1, name: '정자역 주차장', spots: 5 });
  await command('POST', '/parking/lots', { lotId: lot2, name: '서현역 주차장', spots: 0 });

  const reservation = { reservationId: 'r1', customerId: 'CUST1', carNumber: '10더8612', amount: 5000 };
  step('Reserving where no spot is left: refused, and nothing is appended');
  await command('POST', `/parking/lots/${lot2}/reservations`, reservation);

  step('Reserving where there is one');
  const reserved = await command('POST', `/parking/lots/${lot1}/reservations`, reservation);

  step('The view has one spot less, and the policy has issued a coupon');
  await query(`/parking/lots/${lot1}`, reserved.position, ({ free }) => free === 4);
  await query(`/parking/coupons/${lot1}.r1`, null, couponIs('issued'));

  step('Cancelling, and cancelling once more');
  const canceled = await command('DELETE', `/parking/lots/${lot1}/reservations/r1`);
  await command('DELETE', `/parking/lots/${lot1}/reservations/r1`);

  step('The spot is free again, and the coupon is revoked');
  await query(`/parking/lots/${lot1}`, canceled.position, ({ free }) => free === 5);
  await query(`/parking/coupons/${lot1}.r1`, null, couponIs('revoked'));

  step('What happened, in the order of cause');
  const seen = new Set<string>();
  for (const path of [`/parking/lots/${lot1}/reservations/r1/history`, `/parking/coupons/${lot1}.r1/history`]) {
    const { body } = await call('GET', path, undefined, {});
    for (const event of body.items as { position: string; type: string; time: string; actor: string }[])
      seen.add(`${event.position.padStart(12)}  ${event.time}  ${event.type.padEnd(20)} ${event.actor}`);
  }
  for (const line of [...seen].sort()) console.log(`  ${line}`);
};

try {
  await play();
} catch (error) {
  const refused = error instanceof TypeError;
  console.error(refused ? `No Plaza answers at ${base}: start one with npm start` : String(error));
  process.exit(1);
}
