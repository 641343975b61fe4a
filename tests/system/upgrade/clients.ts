import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export type Clients = {
  /** Number of answered requests. */
  readonly answered: number;
  /** Number of requests by kind. */
  readonly kinds: ReadonlyMap<string, number>;
  /** A line for each wrong answer, and for each request without one. */
  readonly wrong: readonly string[];
  /** The reservations that the answers promise, by `lotId.reservationId`. */
  readonly reservations: ReadonlyMap<string, 'reserved' | 'canceled'>;
  /** Lets each client finish its current request, then stops. */
  stop(): Promise<void>;
};

type Answer = { status: number; body: Record<string, unknown>; etag: string | undefined; position: string };
type Reserved = { lotId: string; reservationId: string; position: string };

export const LOTS = Array.from({ length: 10 }, (_, lot) => `lot-${lot}`);
export const SHOPS = Array.from({ length: 5 }, (_, shop) => `shop-${shop}`);

/** Seconds that a query may wait for its client's last write. */
const READ_YOUR_WRITES = 'wait=30';

/**
 * Clients on a kept-alive connection each, who send one request after the other: commands with an Idempotency-Key, with
 * an id of their own and with neither, cancellations, PUTs, PATCHes, and queries for what they have written. Each
 * request has one right answer, and none is sent again by its client, but for those that a key makes repeatable.
 * @param url of the gateway, with LOTS and SHOPS behind it
 * @param pace milliseconds between a client's answer and its next request
 */
export const startClients = (url: string, count: number, pace: number): Clients => {
  const kinds = new Map<string, number>();
  const wrong: string[] = [];
  const reservations = new Map<string, 'reserved' | 'canceled'>();
  let answered = 0;
  let isStopping = false;

  const work = async (client: number): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const shop = `/food-court/shops/${SHOPS[client % SHOPS.length]}`;
    const lotOf = (turn: number) => LOTS[(client + turn) % LOTS.length]!;
    const open: Reserved[] = [];
    let last: { path: string; body: object; headers: Record<string, string>; answer: Answer } | undefined;
    let turn = 0;

    const send = (method: string, path: string, data?: object, headers: Record<string, string> = {}) =>
      new Promise<Answer>((resolve, reject) => {
        const text = data === undefined ? '' : JSON.stringify(data);
        const about = data === undefined ? {} : { 'Content-Type': 'application/json' };
        const length = { 'Content-Length': Buffer.byteLength(text) };
        const sent = request(
          url + path,
          { method, agent, headers: { ...about, ...length, ...headers } },
          (response) => {
            let body = '';
            response.setEncoding('utf8').on('data', (part) => {
              body += part;
            });
            response.once('error', reject);
            response.once('end', () => {
              answered += 1;
              const { statusCode: status = 0, headers: got } = response;
              resolve({
                status,
                body: JSON.parse(body),
                etag: got.etag,
                position: String(got['event-position'] ?? ''),
              });
            });
          },
        );
        sent.once('error', reject);
        sent.end(text);
      });

    /** @returns the answer when it is the right one */
    const ask = async (
      kind: string,
      expected: number,
      [method, path, data, headers]: Parameters<typeof send>,
      isRight: (answer: Answer) => boolean = () => true,
    ): Promise<Answer | undefined> => {
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      try {
        const answer = await send(method, path, data, headers);
        if (answer.status === expected && isRight(answer)) return answer;
        wrong.push(`${kind}: ${method} ${path}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`);
      } catch (error) {
        wrong.push(`${kind}: ${method} ${path}: ${error}`);
      }
      return undefined;
    };

    const reserve = async (kind: string, id: string | undefined, headers: Record<string, string>) => {
      const lotId = lotOf(turn);
      const path = `/parking/lots/${lotId}/reservations`;
      const body = {
        ...(id === undefined ? {} : { reservationId: id }),
        customerId: `c-${client}`,
        carNumber: `${client}/${turn}`,
        amount: 1,
      };
      const answer = await ask(kind, 201, ['POST', path, body, headers]);
      if (!answer) return;
      const reservationId = String(answer.body.reservationId);
      reservations.set(`${lotId}.${reservationId}`, 'reserved');
      open.push({ lotId, reservationId, position: answer.position });
      if (Object.keys(headers).length > 0) last = { path, body, headers, answer };
    };

    const read = ({ lotId, reservationId, position }: Reserved, status: string) =>
      ask(
        'GET one',
        200,
        [
          'GET',
          `/parking/lots/${lotId}/reservations/${reservationId}`,
          undefined,
          { 'Min-Event-Position': position, Prefer: READ_YOUR_WRITES },
        ],
        ({ body }) => body.status === status,
      );

    const steps: (() => Promise<unknown>)[] = [
      () => reserve('POST with a key', undefined, { 'Idempotency-Key': `k-${client}-${turn}` }),
      () => reserve('POST with an id', `r-${client}-${turn}`, {}),
      () => reserve('POST', undefined, {}),
      async () => {
        if (!last) return;
        const { path, body, headers, answer } = last;
        const same = (again: Answer) =>
          again.etag === answer.etag && JSON.stringify(again.body) === JSON.stringify(answer.body);
        await ask('POST again', 201, ['POST', path, body, headers], same);
      },
      () => ask('GET list', 200, ['GET', `/parking/lots/${lotOf(turn)}/reservations?limit=10`]),
      async () => {
        const [reserved] = open.slice(-1);
        if (reserved) await read(reserved, 'reserved');
      },
      async () => {
        const reserved = open.shift();
        if (!reserved) return;
        const { lotId, reservationId } = reserved;
        const answer = await ask('DELETE', 200, ['DELETE', `/parking/lots/${lotId}/reservations/${reservationId}`]);
        if (!answer) return;
        reservations.set(`${lotId}.${reservationId}`, 'canceled');
        await read({ ...reserved, position: answer.position }, 'canceled');
      },
      async () => {
        const item = { name: `dish ${turn}`, price: turn, available: true };
        const path = `${shop}/menu/m-${client}`;
        await ask('PUT', 200, ['PUT', path, item], ({ body }) => body.price === turn);
      },
      () => ask('PATCH', 200, ['PATCH', `/parking/lots/own-${client}`, { spots: 1 + (turn % 1000) }]),
      () => ask('GET', 200, ['GET', `/parking/lots/${lotOf(turn)}`]),
    ];

    await pause(Math.random() * pace);
    for (; !isStopping; turn++) {
      await steps[(turn + client) % steps.length]!();
      if (pace > 0) await pause(pace);
    }
    agent.destroy();
  };

  const working = Promise.all(Array.from({ length: count }, (_, client) => work(client)));
  return {
    get answered() {
      return answered;
    },
    kinds,
    wrong,
    reservations,
    async stop() {
      isStopping = true;
      await working;
    },
  };
};
