import { setTimeout as pause } from 'node:timers/promises';
import autocannon from 'autocannon';
import { quantile } from '../figures.ts';
import { type Client, clientOf } from './client.ts';

/** The answers to the reservations of a load; milliseconds. */
export type Answers = {
  accepted: number;
  /** Other answers than 201, and none. */
  others: number;
  p50: number;
  p99: number;
  p999: number;
};

/** The answers of a closed loop, and the seconds that it took. */
export type ClosedLoop = Answers & { seconds: number };

const CONNECTIONS = 64;
/** Connections of the open loop: more would be more than a server accepts at once. */
const MOST_CONNECTIONS = 1_000;
/** Milliseconds that the open loop waits for its last answers. */
const LAST_ANSWERS = 30_000;

let cars = 0;

const nextReservation = (lots: readonly string[]): { path: string; body: object } => {
  cars += 1;
  const path = `/parking/lots/${lots[cars % lots.length]}/reservations`;
  return { path, body: { customerId: 'CUST1', carNumber: `${cars}`, amount: 5000 } };
};

/** Reserves over 64 connections, each of which sends its next request after its last answer. */
export const closedLoop = async (url: string, lots: readonly string[], seconds: number): Promise<ClosedLoop> => {
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: seconds,
    requests: [
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        setupRequest: (request) => {
          const { path, body } = nextReservation(lots);
          request.path = path;
          request.body = JSON.stringify(body);
          return request;
        },
      },
    ],
  });
  const { statusCodeStats = {} } = result as { statusCodeStats?: Record<string, { count: number }> };
  const accepted = statusCodeStats['201']?.count ?? 0;
  const { p50, p99, p99_9: p999 } = result.latency;
  return {
    accepted,
    others: result.requests.total - accepted + result.errors,
    p50,
    p99,
    p999,
    seconds: result.duration,
  };
};

/** Reserves at a steady rate, whatever the answers take: each latency counts from when its request was due. */
export const openLoop = async (
  url: string,
  lots: readonly string[],
  seconds: number,
  rate: number,
): Promise<Answers> => {
  const client = clientOf(url, MOST_CONNECTIONS);
  const latencies: number[] = [];
  const due = rate * seconds;
  let answered = 0;
  let accepted = 0;
  const reserve = async (dueAt: number) => {
    const { path, body } = nextReservation(lots);
    try {
      const { status } = await client.send('POST', path, body);
      if (status === 201) {
        accepted += 1;
        latencies.push(performance.now() - dueAt);
      }
    } catch {} // The connection broke, or the loop has ended.
    answered += 1;
  };
  const began = performance.now();
  for (let sent = 0; sent < due; await pause(1)) {
    const now = performance.now();
    for (; sent < due && began + (sent * 1000) / rate <= now; sent++) void reserve(began + (sent * 1000) / rate);
  }
  const until = performance.now() + LAST_ANSWERS;
  while (answered < due && performance.now() < until) await pause(10);
  client.close();
  const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => quantile(latencies, share)) as [number, number, number];
  return { accepted, others: due - accepted, p50, p99, p999 };
};

const register = async (client: Client, lotId: string): Promise<void> => {
  for (let tries = 1; ; tries++) {
    const { status, body } = await client.send('POST', '/parking/lots', { lotId, name: lotId, spots: 100_000 });
    // A busy store may have done it: the repeat is refused then.
    if (status === 201 || (status === 409 && tries > 1)) return;
    if (status !== 503 || tries === 5) throw new Error(JSON.stringify(body));
    await pause(1_000);
  }
};

/** Registers lots with more spots than are asked for. */
export const registerLots = async (url: string, lots: readonly string[]): Promise<void> => {
  const client = clientOf(url, CONNECTIONS);
  await Promise.all(lots.map((lotId) => register(client, lotId)));
  client.close();
};
