import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenedStores, openTestStores } from '../../embedded/testing.ts';
import { connectEventStore, disconnectEventStore, type EventStoreClient } from '../../platform/event-store/client.ts';
import { streams } from '../../platform/event-store/streams.ts';
import { readTail } from '../../platform/event-store/tail.ts';
import { formatPosition } from '../../platform/event-store/types.ts';
import { events } from '../../schemas/parking.ts';
import { call, openProgram, type Plaza, temporaryData } from '../support/plaza.ts';

const data = temporaryData();
let stores: OpenedStores;
let writeSide: Plaza;
let other: Plaza;
let client: EventStoreClient;
const open = () => openProgram('write-side', { EVENTSTORE_URL: stores.eventStoreUrl });

beforeAll(async () => {
  stores = await openTestStores({ dataFolder: data.folder });
  [writeSide, other] = await Promise.all([open(), open()]);
  client = connectEventStore(stores.eventStoreUrl);
  await post('/parking/lots', { lotId: 'lot-1', name: '정자역 주차장', spots: 1_000 });
});

afterAll(async () => {
  await Promise.all([writeSide.close(), other.close()]);
  await disconnectEventStore(client);
  await stores.stop();
  data.remove();
});

type Headers = Record<string, string>;
const post = (path: string, body: unknown, headers?: Headers) => call(writeSide.url, 'POST', path, body, headers);
const send = (method: string, path: string, body?: unknown, headers?: Headers) =>
  call(writeSide.url, method, path, body, headers);

let count = 0;
const reservation = (rest: object = {}) => {
  count += 1;
  return { reservationId: `r-${count}`, customerId: 'CUST1', carNumber: `car-${count}`, amount: 5000, ...rest };
};

const eventsOf = async (stream: string) => {
  const events = [];
  for await (const event of streams(client).read(stream, 0n)) events.push(event);
  return events;
};

describe('a request that a gateway sends again', () => {
  let deliveries = 0;
  /** Sends a request to both write sides, like a gateway that got no answer from the first. */
  const twice = async (method: string, path: string, body?: unknown) => {
    deliveries += 1;
    const headers = { 'Plaza-Delivery': `delivery-${deliveries}` };
    return [
      await call(writeSide.url, method, path, body, headers),
      await call(other.url, method, path, body, headers),
    ] as const;
  };
  const lot = '/parking/lots/delivered';
  beforeAll(async () => {
    await post('/parking/lots', { lotId: 'delivered', name: 'delivered', spots: 100 });
  });

  it.each(['with an id', 'without'])('takes effect once: POST %s', async (kind) => {
    const { reservationId, ...body } = reservation();
    const before = (await eventsOf('parkingLot-delivered')).length;
    const data = kind === 'without' ? body : { reservationId, ...body };
    const [first, again] = await twice('POST', `${lot}/reservations`, data);
    expect(first.status).toBe(201);
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    for (const name of ['ETag', 'Location', 'Event-Position'])
      expect(again.headers.get(name)).toBe(first.headers.get(name));
    expect(await eventsOf('parkingLot-delivered')).toHaveLength(before + 1);
  });

  it('gets the same answer: DELETE and PATCH', async () => {
    const { reservationId } = (await post(`${lot}/reservations`, reservation())).body;
    const canceled = await twice('DELETE', `${lot}/reservations/${reservationId}`);
    expect(canceled.map(({ status }) => status)).toEqual([200, 200]);
    expect(canceled[1].headers.get('ETag')).toBe(canceled[0].headers.get('ETag'));
    const changed = await twice('PATCH', lot, { spots: 200 });
    expect(changed.map(({ status }) => status)).toEqual([200, 200]);
    const closed = await twice('DELETE', lot);
    expect(closed.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('differs from a client’s repeat, which is recognised by its id or key', async () => {
    const body = reservation();
    const path = '/parking/lots/lot-1/reservations';
    const [first] = await twice('POST', path, body);
    const [again] = await twice('POST', path, body);
    expect([again.status, again.headers.get('ETag')]).toEqual([201, first.headers.get('ETag')]);
    const canceled = await twice('DELETE', `${path}/${body.reservationId}`);
    expect(canceled[0].status).toBe(200);
    expect((await twice('DELETE', `${path}/${body.reservationId}`)).map(({ status }) => status)).toEqual([409, 409]);
  });
});

describe('an accepted command', () => {
  it('answers with the resource, its Location, revision and position', async () => {
    const body = reservation();
    const answer = await post('/parking/lots/lot-1/reservations', body);
    expect(answer).toMatchObject({ status: 201, body: { lotId: 'lot-1', ...body, status: 'reserved' } });
    const [last] = (await eventsOf('parkingLot-lot-1')).slice(-1);
    expect(answer.headers.get('Location')).toBe(`/parking/lots/lot-1/reservations/${body.reservationId}`);
    expect(answer.headers.get('ETag')).toBe(`"${last?.revision}"`);
    expect(answer.headers.get('Event-Position')).toBe(last && formatPosition(last.position));
    expect(answer.headers.get('Content-Type')).toBe('application/json');
  });

  it('stores text trimmed and in Unicode NFC', async () => {
    const body = reservation({ carNumber: ` ${'12가 3456'.normalize('NFD')} ` });
    const answer = await post('/parking/lots/lot-1/reservations', body);
    expect(answer).toMatchObject({ status: 201, body: { carNumber: '12가 3456' } });
    const [last] = (await eventsOf('parkingLot-lot-1')).slice(-1);
    expect(last?.data).toMatchObject({ carNumber: '12가 3456' });
    expect(await post('/parking/lots/lot-1/reservations', reservation({ carNumber: '12가3456' }))).toMatchObject({
      status: 409,
      body: { type: '/problems/car-already-reserved' },
    });
  });

  it('creates missing ids', async () => {
    const { reservationId: _, ...body } = reservation();
    const answers = await Promise.all(
      [1, 2].map((n) => post('/parking/lots/lot-1/reservations', { ...body, carNumber: `${n}` })),
    );
    const [first, second] = answers.map(({ body: { reservationId } }) => reservationId);
    expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(second).not.toBe(first);
  });

  it('stores actor, time, cause and trace in its event', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await post('/parking/lots/lot-1/reservations', reservation(), {
      traceparent,
      'X-Correlation-Id': 'visit-7',
      'Idempotency-Key': 'trace',
    });
    const [last] = (await eventsOf('parkingLot-lot-1')).slice(-1);
    expect(last?.metadata).toMatchObject({
      $correlationId: 'visit-7',
      $causationId: 'key:trace',
      commandId: 'key:trace',
      actor: 'anonymous',
      schemaVersion: events.ParkingReserved.version,
      traceparent,
    });
    expect(Math.abs(Date.now() - Date.parse(last?.metadata.time ?? ''))).toBeLessThan(60_000);
  });

  it('succeeds without an event when there is nothing to change', async () => {
    const before = await eventsOf('parkingLot-lot-1');
    const answer = await send('PATCH', '/parking/lots/lot-1', { spots: 1_000 });
    expect(answer).toMatchObject({ status: 200, body: { lotId: 'lot-1', spots: 1_000 } });
    expect(answer.headers.get('ETag')).toBe(`"${before.length - 1}"`);
    expect(await eventsOf('parkingLot-lot-1')).toHaveLength(before.length);
  });
});

describe('a refused request appends nothing and states the reason', () => {
  const reservations = '/parking/lots/lot-1/reservations';
  const long = 'x'.repeat(65);
  const full = { customerId: 'c', carNumber: 'A', amount: 1 };

  it.each<[string, string, string, unknown, number, string, string?]>([
    ['an unknown reservation', 'DELETE', `${reservations}/nothing`, undefined, 404, 'reservation-not-found'],
    ['malformed JSON', 'POST', reservations, '{"customerId": ', 400, 'malformed-json'],
    [
      'a lone surrogate',
      'POST',
      reservations,
      '{"customerId":"c","carNumber":"A\\ud800","amount":1}',
      400,
      'invalid-request',
      '/carNumber',
    ],
    ['JSON that is no object', 'POST', reservations, '[1]', 400, 'invalid-request', ''],
    ['JSON null', 'POST', reservations, 'null', 400, 'malformed-json'],
    ['a wrong type', 'POST', reservations, { ...full, amount: '1' }, 400, 'invalid-request', '/amount'],
    [
      '__proto__',
      'POST',
      reservations,
      '{"customerId":"c","carNumber":"A","amount":1,"__proto__":{"a":1}}',
      400,
      'invalid-request',
      '/__proto__',
    ],
    [
      'constructor',
      'POST',
      reservations,
      '{"customerId":"c","carNumber":"A","amount":1,"constructor":{"prototype":{}}}',
      400,
      'invalid-request',
      '/constructor',
    ],
    ['a path’s id in the body', 'POST', reservations, { ...full, lotId: 'lot-1' }, 400, 'invalid-request', '/lotId'],
    ['spots below zero', 'POST', '/parking/lots', { name: 'n', spots: -1 }, 422, 'out-of-range', '/spots'],
    ['half a spot', 'POST', '/parking/lots', { name: 'n', spots: 1.5 }, 400, 'invalid-request', '/spots'],
    ['a billion spots', 'POST', '/parking/lots', { name: 'n', spots: 1e9 }, 422, 'out-of-range', '/spots'],
    ['no name', 'POST', '/parking/lots', { name: '', spots: 1 }, 422, 'out-of-range', '/name'],
    ['a blank name', 'POST', '/parking/lots', { name: '   ', spots: 1 }, 400, 'invalid-request', '/name'],
    [
      'a blank movie title',
      'POST',
      '/cinema/movies',
      { title: '\u3164', description: 'd', runningTime: 90 },
      400,
      'invalid-request',
      '/title',
    ],
    ['a blank location', 'POST', '/bike-rental/bikes', { location: '\u00a0' }, 400, 'invalid-request', '/location'],
    [
      'a control character',
      'POST',
      reservations,
      { ...full, carNumber: 'a\u0000b' },
      400,
      'invalid-request',
      '/carNumber',
    ],
    [
      'an id with a slash',
      'POST',
      '/parking/lots',
      { lotId: 'a/b', name: 'n', spots: 1 },
      400,
      'invalid-request',
      '/lotId',
    ],
    [
      'an id with NUL',
      'POST',
      '/parking/lots',
      { lotId: 'a\u0000', name: 'n', spots: 1 },
      400,
      'invalid-request',
      '/lotId',
    ],
    ['an id of 65', 'POST', '/parking/lots', { lotId: long, name: 'n', spots: 1 }, 400, 'invalid-request', '/lotId'],
    ['an id with $', 'POST', '/parking/lots', { lotId: '$all', name: 'n', spots: 1 }, 400, 'invalid-request', '/lotId'],
    [
      'an id that is a number',
      'POST',
      '/parking/lots',
      { lotId: 1, name: 'n', spots: 1 },
      400,
      'invalid-request',
      '/lotId',
    ],
    ['a path’s id with a slash', 'DELETE', '/parking/lots/a%2Fb', undefined, 400, 'invalid-request', '/lotId'],
    ['a path’s id with NUL', 'DELETE', '/parking/lots/a%00', undefined, 400, 'invalid-request', '/lotId'],
    ['a path’s id with $', 'DELETE', '/parking/lots/$all', undefined, 400, 'invalid-request', '/lotId'],
    ['a path’s id of 65', 'DELETE', `/parking/lots/${long}`, undefined, 400, 'invalid-request', '/lotId'],
    ['a path’s id __proto__', 'DELETE', '/parking/lots/__proto__', undefined, 404, 'lot-not-found'],
    ['a path that is no UTF-8', 'DELETE', '/parking/lots/%ff', undefined, 400, 'malformed-request'],
    ['a path that nothing is at', 'POST', '/parking/nothing', {}, 404, 'not-found'],
  ])('%s', async (_what, method, path, body, status, type, pointer) => {
    const before = await readTail(client);
    const answer = await send(method, path, body);
    expect(answer).toMatchObject({ status, body: { status, type: `/problems/${type}` } });
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
    if (pointer !== undefined) expect(answer.body.errors).toMatchObject([{ pointer }]);
    expect(await readTail(client)).toEqual(before);
    expect(Object.prototype).not.toHaveProperty('a');
  });

  it.each([
    ['a byte that begins nothing', [0xff]],
    ['half a character', [0xea, 0xb0]],
    ['a surrogate of CESU-8', [0xed, 0xa0, 0x80]],
    ['an overlong form', [0xc0, 0x80]],
  ])('a body that is not UTF-8: %s', async (_what, bytes) => {
    const before = await readTail(client);
    const [head, tail] = JSON.stringify({ ...full, carNumber: '|' }).split('|') as [string, string];
    const response = await fetch(writeSide.url + reservations, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from(tail)]),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ type: '/problems/malformed-json', detail: 'It is not UTF-8' });
    expect(await readTail(client)).toEqual(before);
  });

  it('a body over 64 KiB', async () => {
    const body = JSON.stringify({ ...full, carNumber: 'x'.repeat(64 * 1024) });
    expect(await post(reservations, body)).toMatchObject({ status: 413, body: { type: '/problems/body-too-large' } });
  });

  it.each([
    ['no content type', { 'Content-Type': 'text/plain' }],
    ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['another charset', { 'Content-Type': 'application/json; charset=latin1' }],
    ['another encoding', { 'Content-Type': 'application/json', 'Content-Encoding': 'compress' }],
  ])('a body as %s', async (_what, headers) => {
    const answer = await post(reservations, JSON.stringify(full), headers);
    expect(answer).toMatchObject({ status: 415, body: { type: '/problems/unsupported-media-type' } });
  });

  it.each([
    ['PUT', '/parking/lots/lot-1', ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH']],
    ['PATCH', '/parking/lots', ['GET', 'HEAD', 'OPTIONS', 'POST']],
    ['POST', '/parking/reservations', ['GET', 'HEAD', 'OPTIONS']],
  ])('%s %s, with the methods that there are', async (method, path, allowed) => {
    const answer = await send(method, path, {});
    expect(answer).toMatchObject({ status: 405, body: { type: '/problems/method-not-allowed' } });
    expect((answer.headers.get('Allow') ?? '').split(', ').sort()).toEqual(allowed);
  });

  it('malformed headers', async () => {
    for (const headers of [
      { 'If-Match': 'seven' },
      { 'If-None-Match': '"7"' },
      { 'Idempotency-Key': 'a b' },
      { 'Idempotency-Key': '""' },
      { 'Idempotency-Key': 'k'.repeat(256) },
    ]) {
      const answer = await post(reservations, reservation(), headers);
      expect(answer, JSON.stringify(headers)).toMatchObject({
        status: 400,
        body: { type: '/problems/malformed-request' },
      });
    }
  });

  it('bytes that are not HTTP, without ending the process', async () => {
    const status = await new Promise<number | string | undefined>((resolve) => {
      const { hostname, port } = new URL(writeSide.url);
      const sent = request({
        hostname,
        port,
        method: 'POST',
        path: reservations,
        headers: { 'Content-Length': '10', 'Content-Type': 'application/json' },
      });
      sent.once('response', (response) => resolve(response.statusCode));
      sent.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      sent.write('{"a"');
      sent.destroy();
    });
    expect(status).toBe('ECONNRESET');
    expect((await post(reservations, reservation())).status).toBe(201);
  });
});

describe('preconditions', () => {
  it('If-Match: the lot must be at the revision that the client saw', async () => {
    const seen = await post('/parking/lots', { lotId: 'matched', name: 'n', spots: 5 });
    const etag = seen.headers.get('ETag') ?? '';
    const changed = await send('PATCH', '/parking/lots/matched', { spots: 6 }, { 'If-Match': etag });
    expect(changed.status).toBe(200);
    for (const stale of [etag, `W/${changed.headers.get('ETag')}`, '"999"', '"no-revision"']) {
      const answer = await send('PATCH', '/parking/lots/matched', { spots: 7 }, { 'If-Match': stale });
      expect(answer, stale).toMatchObject({ status: 412, body: { type: '/problems/precondition-failed' } });
    }
    const either = `"99", ${changed.headers.get('ETag')}`;
    expect((await send('PATCH', '/parking/lots/matched', { spots: 7 }, { 'If-Match': either })).status).toBe(200);
    expect((await send('PATCH', '/parking/lots/matched', { spots: 8 }, { 'If-Match': '*' })).status).toBe(200);
    expect((await send('PATCH', '/parking/lots/unknown', { spots: 8 }, { 'If-Match': '*' })).status).toBe(412);
  });

  it('If-None-Match: * creates a lot only if none exists', async () => {
    const lot = { lotId: 'new', name: 'n', spots: 5 };
    expect((await post('/parking/lots', lot, { 'If-None-Match': '*' })).status).toBe(201);
    const again = await post('/parking/lots', { ...lot, name: 'other' }, { 'If-None-Match': '*' });
    expect(again).toMatchObject({ status: 412, body: { type: '/problems/precondition-failed' } });
  });
});

describe('a repeated command gets the same answer and has no second event', () => {
  const answerOf = ({ status, body, headers }: Awaited<ReturnType<typeof call>>) => ({
    status,
    body,
    etag: headers.get('ETag'),
    location: headers.get('Location'),
  });
  const path = '/parking/lots/lot-1/reservations';
  const writtenBy = async (key: string) =>
    (await eventsOf('parkingLot-lot-1')).filter(({ metadata }) => metadata.commandId === `key:${key}`);

  it('by Idempotency-Key: at once, concurrently, from another write side, after a thousand others, after a restart', async () => {
    const { reservationId: _, ...body } = reservation();
    const headers = { 'Idempotency-Key': '"again"' };
    const together = await Promise.all([1, 2, 3].map(() => post(path, body, headers)));
    const [first, ...rest] = together.map(answerOf);
    expect(first?.status).toBe(201);
    expect(rest).toEqual([first, first]);
    expect(answerOf(await call(other.url, 'POST', path, body, headers))).toEqual(first);

    const others = reservation();
    for (let round = 0; round < 10; round++) {
      await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const id = `many-${round}-${index}`;
          await post(path, { ...others, reservationId: id, carNumber: id });
          await send('DELETE', `${path}/${id}`);
        }),
      );
    }
    expect(answerOf(await post(path, body, headers))).toEqual(first);

    await writeSide.close();
    writeSide = await open();
    expect(answerOf(await post(path, body, headers))).toEqual(first);
    expect(await writtenBy('again')).toHaveLength(1);
  });

  it('by the id in the body', async () => {
    const body = reservation();
    const first = answerOf(await post(path, body));
    expect(first.status).toBe(201);
    expect(answerOf(await post(path, body))).toEqual(first);
    expect(answerOf(await call(other.url, 'POST', path, body))).toEqual(first);
    expect((await post(path, body)).headers.get('Idempotent-Replayed')).toBe('true');
    const different = await post(path, { ...body, amount: 6000 });
    expect(different).toMatchObject({ status: 409, body: { type: '/problems/reservation-already-exists' } });
  });

  it('by the id in the body only while the result stands, by Idempotency-Key also after it', async () => {
    const [body, keyed] = [reservation(), reservation()];
    const headers = { 'Idempotency-Key': 'ended' };
    const first = await post(path, body);
    const firstKeyed = await post(path, keyed, headers);
    expect([first, firstKeyed].map((answer) => answer.headers.get('Idempotent-Replayed'))).toEqual([null, null]);
    for (const { reservationId } of [body, keyed]) await send('DELETE', `${path}/${reservationId}`);
    for (const { url } of [writeSide, other])
      expect(await call(url, 'POST', path, body)).toMatchObject({
        status: 409,
        body: { type: '/problems/already-canceled' },
      });
    const again = await call(other.url, 'POST', path, keyed, headers);
    expect(answerOf(again)).toEqual(answerOf(firstKeyed));
    expect(again.headers.get('Idempotent-Replayed')).toBe('true');
  });

  it('for commands without an id: a cancellation', async () => {
    const body = reservation();
    await post(path, body);
    const headers = { 'Idempotency-Key': 'cancel-once' };
    const first = answerOf(await send('DELETE', `${path}/${body.reservationId}`, undefined, headers));
    expect(first.status).toBe(200);
    expect(answerOf(await send('DELETE', `${path}/${body.reservationId}`, undefined, headers))).toEqual(first);
    expect(await writtenBy('cancel-once')).toHaveLength(1);
  });

  it('after other changes of the lot: a precondition is checked only the first time', async () => {
    const created = await post('/parking/lots', { lotId: 'once', name: 'n', spots: 5 });
    const headers = { 'If-Match': created.headers.get('ETag') ?? '', 'Idempotency-Key': 'spots' };
    const first = answerOf(await send('PATCH', '/parking/lots/once', { spots: 6 }, headers));
    expect(first.status).toBe(200);
    expect(answerOf(await send('PATCH', '/parking/lots/once', { spots: 6 }, headers))).toEqual(first);
  });

  it('the same key for another command is 422', async () => {
    const headers = { 'Idempotency-Key': 'reused' };
    await post(path, reservation(), headers);
    for (const answer of [
      await post(path, reservation(), headers),
      await send('PATCH', '/parking/lots/lot-1', { spots: 999 }, headers),
      await call(other.url, 'POST', path, reservation(), headers),
    ])
      expect(answer).toMatchObject({ status: 422, body: { type: '/problems/idempotency-key-reused' } });
    expect(await writtenBy('reused')).toHaveLength(1);
  });

  it('by Idempotency-Key, when the command changed nothing', async () => {
    await post('/parking/lots', { lotId: 'unchanged', name: 'n', spots: 5 });
    const headers = { 'Idempotency-Key': 'unchanged' };
    const spots = (count: number, key?: object) =>
      send('PATCH', '/parking/lots/unchanged', { spots: count }, { ...key });
    const first = answerOf(await spots(5, headers));
    expect(first).toMatchObject({ status: 200, etag: '"0"' });
    await spots(7);
    expect(answerOf(await spots(5, headers))).toEqual(first);
    expect(await spots(9, headers)).toMatchObject({ status: 422, body: { type: '/problems/idempotency-key-reused' } });
    expect(await eventsOf('parkingLot-unchanged')).toHaveLength(2);
  });

  it('by Idempotency-Key, when it appended many events', async () => {
    await post('/parking/lots', { lotId: 'closing', name: 'n', spots: 20 });
    await Promise.all(Array.from({ length: 20 }, () => post('/parking/lots/closing/reservations', reservation())));
    const headers = { 'Idempotency-Key': 'close' };
    const first = answerOf(await send('DELETE', '/parking/lots/closing', undefined, headers));
    expect(first).toMatchObject({ status: 200, etag: '"41"' });
    expect(answerOf(await send('DELETE', '/parking/lots/closing', undefined, headers))).toEqual(first);
    expect(answerOf(await call(other.url, 'DELETE', '/parking/lots/closing', undefined, headers))).toEqual(first);
  });

  it('by Idempotency-Key, with the path encoded differently', async () => {
    const { reservationId: _, ...body } = reservation();
    const headers = { 'Idempotency-Key': 'written' };
    const first = answerOf(await post(path, body, headers));
    expect(first.status).toBe(201);
    for (const same of ['/parking/lots/%6Cot-1/reservations', `${path}/`])
      expect(answerOf(await post(same, body, headers))).toEqual(first);
  });

  it('a refused command can succeed later under its key', async () => {
    await post('/parking/lots', { lotId: 'later', name: 'n', spots: 0 });
    const body = reservation();
    const headers = { 'Idempotency-Key': 'later' };
    expect((await post('/parking/lots/later/reservations', body, headers)).status).toBe(409);
    await send('PATCH', '/parking/lots/later', { spots: 1 });
    expect((await post('/parking/lots/later/reservations', body, headers)).status).toBe(201);
  });
});

describe('load', () => {
  it('beyond the bound gets 503 with Retry-After and RateLimit', async () => {
    const small = await openProgram('write-side', {
      EVENTSTORE_URL: stores.eventStoreUrl,
      MAX_WAITING_COMMANDS: '2',
    });
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => call(small.url, 'POST', '/parking/lots/lot-1/reservations', reservation())),
    );
    const shed = answers.filter(({ status }) => status === 503);
    expect(shed.length).toBeGreaterThan(0);
    expect(answers.length - shed.length).toBeGreaterThan(0);
    for (const answer of shed) {
      expect(answer.body.type).toBe('/problems/overloaded');
      expect(answer.headers.get('Retry-After')).toBe('1');
      expect(answer.headers.get('RateLimit-Policy')).toBe('"commands";q=2;qu="concurrent-requests"');
      expect(answer.headers.get('RateLimit')).toBe('"commands";r=0');
    }
    await small.close();
  });
});
