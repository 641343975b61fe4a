import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmbeddedStores, startEmbeddedStores } from '../../embedded/start.ts';
import { contextSchemas } from '../../programs/contexts.ts';
import { openApi } from '../../schemas/openapi.ts';
import {
  type Answer,
  call,
  eventually,
  openPlaza,
  type Plaza,
  SHIPPED,
  temporaryData,
  viewsAreBuilt,
} from '../support/plaza.ts';

/** Seconds of the outage: `OUTAGE_SECONDS=60 npx vitest run tests/faults/outage.process.test.ts` takes longer. */
const SECONDS = Number(process.env.OUTAGE_SECONDS ?? 3);
/**
 * Seconds within which a command is refused, and within which everything works again: ten times what docs/faults.md
 * says, for a busy machine.
 */
const ANSWERED_WITHIN = 10;
const RESUMED_WITHIN = 50;

/**
 * Every query and document, with the ids of the document's examples and the filters that it requires. Event streams
 * come last and are skipped.
 */
const QUERIES = Object.entries(openApi(contextSchemas, '0.0.0').paths).flatMap(([path, { get }]) => {
  if (!get || path === '/control-center/events') return [];
  const examples = new Map(
    get.parameters.flatMap((one) => ('in' in one && one.in === 'path' ? [[one.name, String(one.example)]] : [])) as [
      string,
      string,
    ][],
  );
  const required = get.parameters.flatMap((one) =>
    'in' in one && one.in === 'query' && one.required ? [one.name] : [],
  );
  const query = required.map((name) => `${name}=1`).join('&');
  return [
    path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(examples.get(name) ?? name)) + (query && `?${query}`),
  ];
});
/** Paths that need neither store. */
const DOCUMENTS = ['/openapi.json', '/asyncapi.json', '/reference', '/problems/lot-full', '/livez', '/sign-in'];

type Store = { start(): Promise<void>; stop(): Promise<void>; stores: EmbeddedStores; remove(): void };

/** A separate store that restarts on the same port and files. */
const openStore = async (): Promise<Store> => {
  const data = temporaryData();
  const portOf = (url: string) => Number(new URL(url.replace(/^(esdb|mongodb):/, 'http:')).port);
  const store: Store = {
    stores: await startEmbeddedStores({ dataFolder: data.folder }),
    async start() {
      const { eventStoreUrl, mongoUrl } = store.stores;
      const ports = { eventStorePort: portOf(eventStoreUrl), mongoPort: portOf(mongoUrl) };
      // A connection of another test may have been given the port meanwhile.
      const again = () => startEmbeddedStores({ dataFolder: data.folder, ...ports }).catch((error) => error);
      const started = await eventually(again, (outcome) => outcome.code !== 'port-taken');
      if (started instanceof Error) throw started;
      store.stores = started;
    },
    stop: () => store.stores.stop(),
    remove: data.remove,
  };
  return store;
};

let eventStore: Store;
let mongo: Store;
let plaza: Plaza;
let reservations = 0;
const taken: string[] = [];

const reserve = async (): Promise<Answer> => {
  reservations += 1;
  const reservationId = `r-${reservations}`;
  const answer = await call(plaza.url, 'POST', '/parking/lots/lot-1/reservations', {
    reservationId,
    customerId: 'CUST1',
    carNumber: `car-${reservations}`,
    amount: 1,
  });
  if (answer.status === 201) taken.push(reservationId);
  return answer;
};

const timed = async <T>(ask: () => Promise<T>): Promise<{ answer: T; seconds: number }> => {
  const began = performance.now();
  return { answer: await ask(), seconds: (performance.now() - began) / 1000 };
};

const get = async (path: string): Promise<Answer> => {
  const isText = path === '/reference' || path === '/metrics' || path.startsWith('/problems/');
  if (!isText) return call(plaza.url, 'GET', path);
  const { status, headers } = await fetch(plaza.url + path);
  return { status, headers, body: {} };
};

beforeAll(async () => {
  [eventStore, mongo] = await Promise.all([openStore(), openStore()]);
  plaza = await openPlaza({
    EVENTSTORE_URL: eventStore.stores.eventStoreUrl,
    MONGODB_URL: mongo.stores.mongoUrl,
    LOG_LEVEL: 'error',
    ...SHIPPED,
  });
  await call(plaza.url, 'POST', '/parking/lots', { lotId: 'lot-1', name: '정자역', spots: 100_000 });
  await reserve();
  await isResumed();
  await viewsAreBuilt(plaza.url);
});
afterAll(async () => {
  await plaza.close();
  for (const store of [eventStore, mongo]) {
    await store.stop();
    store.remove();
  }
});

/** Reserves a spot, and waits for its view and its coupon. */
const isResumed = async (): Promise<void> => {
  await eventually(reserve, ({ status }) => status === 201);
  const id = `r-${reservations}`;
  await eventually(
    () => call(plaza.url, 'GET', `/parking/lots/lot-1/reservations/${id}`),
    ({ status }) => status === 200,
  );
  await eventually(
    () => call(plaza.url, 'GET', `/parking/coupons/lot-1.${id}`),
    ({ status }) => status === 200,
  );
};

/** Stops stores for a while and checks the answers meanwhile. */
const without = async (stores: readonly Store[], look: () => Promise<void>): Promise<void> => {
  const events = await call(plaza.url, 'GET', '/parking/lots/lot-1/reservations?limit=200');
  expect(events.status).toBe(200);
  await Promise.all(stores.map((store) => store.stop()));
  const until = performance.now() + SECONDS * 1000;
  do {
    await look();
    await pause(200);
  } while (performance.now() < until);
  await Promise.all(stores.map((store) => store.start()));
  const { seconds } = await timed(isResumed);
  expect(seconds).toBeLessThan(RESUMED_WITHIN);
};

const isAnswer = (status: number): boolean => status === 200 || status === 404;

const isRefused = async (): Promise<void> => {
  const { answer, seconds } = await timed(reserve);
  expect(answer).toMatchObject({ status: 503, body: { type: '/problems/event-store-unavailable' } });
  expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0);
  expect(seconds).toBeLessThan(ANSWERED_WITHIN);
};

const alive = async (): Promise<void> => {
  for (const path of DOCUMENTS) expect((await get(path)).status, path).toBe(200);
};

const ready = async (): Promise<Record<string, { ok: boolean }>> => {
  const { body } = await call<{ checks: Record<string, { ok: boolean }> }>(plaza.url, 'GET', '/readyz?verbose');
  return body.checks;
};

describe(`for ${SECONDS} seconds`, () => {
  const patience = (SECONDS + 300) * 1000;

  test('without the event store every query answers, and commands get 503 with Retry-After', {
    timeout: patience,
  }, async () => {
    await without([eventStore], async () => {
      await isRefused();
      // A busy machine may need more than one try within the time of an answer.
      for (const path of QUERIES.filter((one) => one !== '/readyz'))
        await expect.poll(async () => (await get(path)).status, { message: path }).toSatisfy(isAnswer);
      expect(await ready()).toMatchObject({ eventStore: { ok: false }, readModels: { ok: true } });
    });
  });

  test('without MongoDB commands are accepted, and queries get 503 views-unavailable', {
    timeout: patience,
  }, async () => {
    await without([mongo], async () => {
      expect((await reserve()).status).toBe(201);
      const answers = await Promise.all(
        // The demo reads the event store, if anything.
        QUERIES.filter((path) => ![...DOCUMENTS, '/readyz', '/metrics', '/operations/demo'].includes(path)).map(
          async (path) => ({
            path,
            ...(await timed(() => get(path))),
          }),
        ),
      );
      for (const { path, answer, seconds } of answers) {
        expect(answer, path).toMatchObject({ status: 503, body: { type: '/problems/views-unavailable' } });
        expect(answer.headers.get('Retry-After'), path).toBe('1');
        expect(seconds, path).toBeLessThan(ANSWERED_WITHIN);
      }
      await alive();
      expect((await get('/metrics')).status).toBe(200);
      expect(await ready()).toMatchObject({ eventStore: { ok: true }, readModels: { ok: false } });
    });
  });

  test('without both the process stays up and reports the missing stores', { timeout: patience }, async () => {
    await without([eventStore, mongo], async () => {
      await isRefused();
      expect(await get('/parking/lots')).toMatchObject({ status: 503, body: { type: '/problems/views-unavailable' } });
      await alive();
      expect(await ready()).toMatchObject({ eventStore: { ok: false }, readModels: { ok: false } });
    });
  });

  /** Returns the reservations that a view shows. */
  const shownReservations = async (): Promise<Set<string>> => {
    const shown = new Set<string>();
    for (let path: string | undefined = '/parking/lots/lot-1/reservations?limit=200'; path; ) {
      const { body }: Answer<{ items: { reservationId: string }[]; next?: string }> = await call(
        plaza.url,
        'GET',
        path,
      );
      for (const { reservationId } of body.items) shown.add(reservationId);
      path = body.next && `/parking/lots/lot-1/reservations?limit=200&cursor=${body.next}`;
    }
    return shown;
  };

  test('the views contain every accepted command', async () => {
    // Each view follows the events at its own pace.
    const look = async () => {
      const { status, body } = await call<{ reserved: number }>(plaza.url, 'GET', '/parking/lots/lot-1');
      if (status !== 200) return { status };
      const shown = await shownReservations();
      return { status, missing: taken.filter((id) => !shown.has(id)), difference: shown.size - body.reserved };
    };
    await expect.poll(look).toEqual({ status: 200, missing: [], difference: 0 });
  });
});
