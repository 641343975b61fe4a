/**
 * P10: customers buy the seats of one hall. They choose seats by a Zipf distribution and pay over HTTP. The provider
 * declines 10 % of the payments and leaves 5 % unanswered; 10 % of the buyers leave without an answer. Those seats are
 * sold again.
 *
 *     npm run bench -- on-sale [--customers 10000] [--seats 5000] [--connections 64] [--seed 1] [--seconds 300]
 *
 * `npm start` runs on embedded stores or on those at EVENTSTORE_URL and MONGODB_URL, with the payment sandbox as a
 * process of its own. Customers who are refused a seat ask for another, at last for one of those that are not sold;
 * when the hall is full they wait for seats that are freed. Prints two Markdown tables.
 *
 * Fails unless every seat is sold once and the provider's charges less its refunds are the price of all seats.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { quantile } from './figures.ts';
import { type Answer, clientOf } from './pipeline/client.ts';
import { startListening, startPlaza } from './pipeline/sides.ts';
import { familyOf, microsecondsEach, residentMiB, threadSeconds } from './processes.ts';

const { values } = parseArgs({
  options: {
    customers: { type: 'string', default: '10000' },
    seats: { type: 'string', default: '5000' },
    connections: { type: 'string', default: '64' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '300' },
  },
});
const seats = Number(values.seats);
const connections = Number(values.connections);
const PRICE = 15_000;
const DECLINED = 0.1;
const HANGING = 0.05;
const ABANDONING = 0.1;
/** Seats that a customer asks for before one that is not sold yet will do. */
const CHOICES = 5;
/** Milliseconds after which a buyer whose payment hangs leaves. */
const PATIENCE = 300;
/** Milliseconds for a call to the provider: how long a seat is kept from others by a payment that hangs. */
const PAYMENT_TIMEOUT_MS = '500';
/** Milliseconds after which a customer who found the hall full asks again. */
const AGAIN_AFTER = 1_000;
const LOOK_EVERY = 100;
const SETTLED_WITHIN = 60_000;
/** The share of the seats that are sold while demand is high; the last ones wait for payments that hang. */
const RUSH = 0.9;

/** A generator of pseudo-random numbers from 0 to 1 (Marsaglia's xorshift32). */
const randomOf = (seed: number) => {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
};
const random = randomOf(Number(values.seed) * 2_654_435_761);

const weights = Array.from({ length: seats }, (_, index) => 1 / (index + 1));
const total = weights.reduce((sum, weight) => sum + weight, 0);

/** Returns a seat: the nth is asked for a nth as often as the first. */
const popularSeat = (): number => {
  let left = random() * total;
  const index = weights.findIndex((weight) => {
    left -= weight;
    return left <= 0;
  });
  return index < 0 ? seats : index + 1;
};

type Customer = { id: string; does: 'pay' | 'decline' | 'hang' | 'abandon'; asked: number };

const customers = Array.from({ length: Number(values.customers) }, (_, index): Customer => {
  const lot = random();
  const id = `customer-${index}`;
  if (lot < DECLINED) return { id, does: 'decline', asked: 0 };
  if (lot < DECLINED + HANGING) return { id, does: 'hang', asked: 0 };
  return { id, does: lot < DECLINED + HANGING + ABANDONING ? 'abandon' : 'pay', asked: 0 };
});
const TOKENS = { pay: 'approve', decline: 'decline', hang: 'hang', abandon: 'hang' } as const;

/** Returns a seat that is not sold; undefined when there is none. It may be held. */
const unsoldSeat = (sold: ReadonlyMap<number, string>): number | undefined => {
  const first = Math.floor(random() * seats);
  for (let offset = 0; offset < seats; offset++) {
    const seat = ((first + offset) % seats) + 1;
    if (!sold.has(seat)) return seat;
  }
  return undefined;
};

type Answered = { status: number; type: string; took: number; at: number; isSlow: boolean };

/** Opens a hall on a Plaza and sells it out. @throws Error when it is not sold out in time, or not as it should be */
const sell = async (url: string, providerUrl: string, pids: readonly number[]): Promise<void> => {
  const client = clientOf(url, Number.POSITIVE_INFINITY);
  const provider = clientOf(providerUrl, 1);
  const must = async (status: number, answer: Promise<Answer>): Promise<Answer['body']> => {
    const given = await answer;
    if (given.status !== status) throw new Error(JSON.stringify(given.body));
    return given.body;
  };
  const movie = { movieId: 'film', title: 'Film', description: 'A film', runningTime: 120 };
  await must(201, client.send('POST', '/cinema/movies', movie));
  const showing = { showingId: 'hall', startsAt: '2100-01-01T20:00:00Z', seats, price: PRICE };
  await must(201, client.send('POST', '/cinema/movies/film/showings', showing));

  const queue = [...customers];
  const answers: Answered[] = [];
  /** By seat, the reservation that was answered 201. */
  const purchased = new Map<number, string>();
  let left = 0;
  let isSoldOut = false;
  let failure: Error | undefined;
  let ids = 0;
  const began = performance.now();
  const until = began + Number(values.seconds) * 1_000;
  const isOver = () => isSoldOut || left === customers.length || performance.now() > until;

  const ask = async ({ id, does }: Customer, seat: number): Promise<Answered | undefined> => {
    const reservationId = `r-${ids++}`;
    const body = { reservationId, customerId: id, seat, payment: { method: 'card', token: TOKENS[does] } };
    const path = '/cinema/showings/hall/reservations';
    const sentAt = performance.now();
    const signal = does === 'abandon' ? AbortSignal.timeout(PATIENCE) : undefined;
    try {
      const { status, body: answer } = await client.send('POST', path, body, signal);
      const at = performance.now();
      const { type = '' } = answer as { type?: string };
      if (status === 201) {
        if (purchased.has(seat)) failure = new Error(`Seat ${seat} was sold twice`);
        purchased.set(seat, reservationId);
      }
      const isSlow = TOKENS[does] === 'hang' && status !== 409;
      const answered = { status, type: type.replace('/problems/', ''), took: at - sentAt, at: at - began, isSlow };
      answers.push(answered);
      return answered;
    } catch {
      return undefined; // The buyer has left.
    }
  };

  const serve = async (customer: Customer): Promise<void> => {
    const comeBack = () => void setTimeout(() => queue.push(customer), AGAIN_AFTER);
    while (!isOver()) {
      const seat = customer.asked < CHOICES ? popularSeat() : unsoldSeat(purchased);
      if (seat === undefined) return comeBack();
      const answered = await ask(customer, seat);
      if (answered?.type === 'showing-full' || answered?.status === 503) return comeBack();
      if (answered?.type !== 'seat-taken') {
        left += 1;
        return;
      }
      customer.asked += 1;
    }
  };

  const slow: Promise<void>[] = [];
  /** A payment that hangs keeps no connection from the other customers. */
  const lane = async (): Promise<void> => {
    while (!isOver()) {
      const customer = queue.shift();
      if (!customer) await pause(10);
      else if (TOKENS[customer.does] === 'hang') slow.push(serve(customer));
      else await serve(customer);
    }
  };
  const watch = async (): Promise<void> => {
    while (!isOver()) {
      const { status, body } = await client.send('GET', '/cinema/showings/hall');
      isSoldOut = status === 200 && (body as { sold: number }).sold === seats;
      await pause(LOOK_EVERY);
    }
  };

  const before = threadSeconds(pids);
  await Promise.all([watch(), ...Array.from({ length: connections }, lane)]);
  const soldOutAfter = performance.now() - began;
  await Promise.all(slow);
  const cpu = microsecondsEach(pids, before, seats);
  const highest = residentMiB(pids);
  if (failure) throw failure;
  if (!isSoldOut) throw new Error(`The hall was not sold out: ${purchased.size} of ${seats} seats`);
  await assertSoldOnce(client, purchased);
  const totals = await assertPaid(provider);
  client.close();
  provider.close();

  const inRush = answers.filter(({ status }) => status === 201)[Math.ceil(seats * RUSH) - 1];
  const rush = (inRush?.at ?? soldOutAfter) / 1_000;
  const answersInRush = answers.filter(({ at }) => at <= rush * 1_000).length;
  const quick = answers.filter(({ isSlow }) => !isSlow).map(({ took }) => took);
  const bought = answers.filter(({ status }) => status === 201).map(({ took }) => took);
  const kinds = new Map<string, number>();
  for (const { status, type } of answers) {
    const kind = `${status} ${type}`.trim();
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const n = (value: number): string => Math.round(value).toLocaleString('en');
  console.log(
    `| until ${RUSH * 100} % are sold: purchases/s | answers/s | purchase, p50 ms | p99 ms | any answer, p50 ms | p99 ms | sold out after, s | memory, MiB |
|---:|---:|---:|---:|---:|---:|---:|---:|
| ${n((seats * RUSH) / rush)} | ${n(answersInRush / rush)} | ${n(quantile(bought, 0.5))} | ${n(quantile(bought, 0.99))} | ${n(quantile(quick, 0.5))} | ${n(quantile(quick, 0.99))} | ${(soldOutAfter / 1_000).toFixed(1)} | ${n(highest)} |
`,
  );
  console.log(
    `| CPU for each seat sold, µs | ${[...cpu.keys()].join(' | ')} |
|---|${'---:|'.repeat(cpu.size)}
| | ${[...cpu.values()].map(n).join(' | ')} |
`,
  );
  console.log([...kinds].map(([kind, count]) => `${n(count)} × ${kind}`).join(', '));
  console.log(`Sold once: ${n(seats)} seats. Charges less refunds: ${n(totals)} = seats × price.`);
};

/** @throws Error unless every seat has one confirmed reservation, and every customer who got 201 has one */
const assertSoldOnce = async (
  client: ReturnType<typeof clientOf>,
  purchased: ReadonlyMap<number, string>,
): Promise<void> => {
  const sold: { seat: number; reservationId: string }[] = [];
  for (let next: string | undefined = ''; next !== undefined; ) {
    const path = `/cinema/showings/hall/reservations?status=confirmed&limit=100${next && `&cursor=${next}`}`;
    const { status, body } = await client.send('GET', path);
    const page = body as { items: typeof sold; next?: string };
    if (status !== 200) throw new Error(JSON.stringify(body));
    sold.push(...page.items);
    next = page.next;
  }
  const numbers = new Set(sold.map(({ seat }) => seat));
  if (sold.length !== seats || numbers.size !== seats)
    throw new Error(`${sold.length} reservations of ${numbers.size} seats are confirmed, not ${seats}`);
  const confirmed = new Map(sold.map(({ seat, reservationId }) => [seat, reservationId]));
  const lost = [...purchased].filter(([seat, id]) => confirmed.get(seat) !== id);
  if (lost.length > 0) throw new Error(`Sold, but not confirmed: ${lost.join(', ')}`);
};

/**
 * Waits until the provider has been asked to undo what it must. @throws Error when the money is not that of all seats
 */
const assertPaid = async (provider: ReturnType<typeof clientOf>): Promise<number> => {
  const until = performance.now() + SETTLED_WITHIN;
  for (;;) {
    const { body } = await provider.send('GET', '/totals');
    const { charged, refunded } = body as { charged: number; refunded: number };
    if (charged - refunded === seats * PRICE) return charged - refunded;
    if (performance.now() > until)
      throw new Error(`Charges less refunds are ${charged} - ${refunded}, not ${seats} × ${PRICE}`);
    await pause(LOOK_EVERY);
  }
};

const folder = await mkdtemp(join(tmpdir(), 'plaza-bench-'));
const sandbox = await startListening('npm', ['run', '--silent', 'payment-sandbox'], {
  PLAZA_DATA: folder,
  PAYMENT_SANDBOX_PORT: '0',
  LOG_LEVEL: 'info',
});
try {
  const plaza = await startPlaza({
    PAYMENT_URL: sandbox.url,
    PAYMENT_TIMEOUT_MS,
    MAX_PAYMENTS: '2000',
    PLAZA_CONTEXTS: 'cinema',
  });
  try {
    await sell(plaza.url, sandbox.url, [...plaza.pids, ...familyOf(sandbox.child.pid!)]);
  } finally {
    await plaza.stop();
  }
} finally {
  await sandbox.stop();
  await rm(folder, { recursive: true, force: true });
}
