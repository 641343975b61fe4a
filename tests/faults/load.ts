import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { connectEventStore, disconnectEventStore } from '../../platform/event-store/client.ts';
import { streams } from '../../platform/event-store/streams.ts';
import type { StoredEvent } from '../../platform/event-store/types.ts';
import { checkEffects } from '../simulation/checkers/log.ts';
import { checkPlaces } from '../simulation/checkers/places.ts';
import { call } from '../support/plaza.ts';

type Reserved = { lotId: string; reservationId: string };

export type Load = {
  /** Reservations answered with 201, as `lotId.reservationId`. */
  readonly acknowledged: ReadonlySet<string>;
  /** The acknowledged requests with their answers, in the order of the answers. */
  readonly answers: readonly { path: string; body: string; status: number; etag: string | undefined }[];
  /** Number of answers by status; 0 for a broken connection. */
  readonly statuses: ReadonlyMap<number, number>;
  stop(): Promise<void>;
  /** Compares the lots' streams with what was acknowledged, and with the rules. @returns a line for each broken rule */
  brokenRules(eventStoreUrl: string): Promise<string[]>;
};

/** Spots of the lot `few`. */
const FEW_SPOTS = 50;

/**
 * Registers `few` and lots of 100,000 spots.
 * @param large the number of large lots: one per hundred faults, which take some hundred spots each, never fills up
 * @returns their ids
 */
export const registerLots = async (base: string, large: number): Promise<string[]> => {
  const lots = ['few', ...Array.from({ length: large }, (_, index) => `many-${index}`)];
  for (const lotId of lots)
    await call(base, 'POST', '/parking/lots', { lotId, name: lotId, spots: lotId === 'few' ? FEW_SPOTS : 100_000 });
  return lots;
};

/** Reads streams to their ends. */
export const eventsOf = async (eventStoreUrl: string, names: readonly string[]): Promise<StoredEvent[]> => {
  const client = connectEventStore(eventStoreUrl);
  const events: StoredEvent[] = [];
  for (const name of names) for await (const event of streams(client).read(name, 0n)) events.push(event);
  await disconnectEventStore(client);
  return events;
};

/** Milliseconds before a command without an answer is repeated: a program that starts needs the processor too. */
const BEFORE_AGAIN = 50;

let loads = 0;

/**
 * Runs clients that reserve spots one after the other, each on its own connection, until they are stopped. An
 * unanswered command is repeated under the same id, as a client would; a refused one is not.
 * @param base the server's address
 */
export const load = (base: string, lots: readonly string[], clients: number): Load => {
  const acknowledged = new Set<string>();
  const answers: Load['answers'][number][] = [];
  const statuses = new Map<number, number>();
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const name = `load-${loads++}`;
  let isStopping = false;

  const reserve = ({ lotId, reservationId }: Reserved): Promise<number> =>
    new Promise((resolve) => {
      const body = JSON.stringify({ reservationId, customerId: 'c', carNumber: reservationId, amount: 1 });
      const path = `/parking/lots/${lotId}/reservations`;
      const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
      const sent = request(base + path, { method: 'POST', agent, headers, timeout: 5_000 }, (response) => {
        response.resume();
        response.once('end', () => {
          const { statusCode: status = 0 } = response;
          if (status === 201) answers.push({ path, body, status, etag: response.headers.etag });
          resolve(status);
        });
        response.once('error', () => resolve(0));
      });
      sent.once('timeout', () => sent.destroy());
      sent.once('error', () => resolve(0));
      sent.end(body);
    });

  const work = async (client: number): Promise<void> => {
    for (let count = 0; !isStopping; count++) {
      const reserved = { lotId: lots[(client + count) % lots.length]!, reservationId: `${name}-${client}-${count}` };
      let status = 0;
      while (status !== 201 && status !== 409 && !isStopping) {
        status = await reserve(reserved);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 201) acknowledged.add(`${reserved.lotId}.${reserved.reservationId}`);
        else if (status !== 409) await pause(BEFORE_AGAIN);
      }
    }
  };
  const working = Promise.all(Array.from({ length: clients }, (_, client) => work(client)));

  return {
    acknowledged,
    answers,
    statuses,
    async stop() {
      isStopping = true;
      await working;
      agent.destroy();
    },
    async brokenRules(eventStoreUrl) {
      const events = await eventsOf(
        eventStoreUrl,
        lots.map((lotId) => `parkingLot-${lotId}`),
      );
      const reservations = events.filter(({ type }) => type === 'ParkingReserved').map(({ data }) => data as Reserved);
      const written = new Set(reservations.map(({ lotId, reservationId }) => `${lotId}.${reservationId}`));
      const lost = [...acknowledged].filter((id) => !written.has(id)).map((id) => `${id} is lost`);
      return [...lost, ...checkEffects(events), ...checkPlaces(events, Date.now())];
    },
  };
};
