import { request } from 'node:http';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { type Db, MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Caller } from '../platform/identity/caller.ts';
import { statuses } from '../platform/subscriptions/status.ts';
import { controlCenter as controlCenterSchema } from '../schemas/kernel/control-center.ts';
import type { ReadContext } from './kernel/context.ts';
import type { EventStreamOptions } from './kernel/event-stream.ts';
import { readSide as parking } from './parking.ts';
import { insertHistory, reach, serveReadApi, startDatabase, viewOf } from './testing.ts';

const theater = {
  schema: { name: 'theater', title: 'Theater', events: {}, commands: {}, queries: {}, problems: {} },
  overview: async () => {
    throw new Error('the stage is closed');
  },
} satisfies ReadContext;

let database: Awaited<ReturnType<typeof startDatabase>>;
let api: Awaited<ReturnType<typeof serveReadApi>>;
let db: Db;
let next = 1000n;

/** An event of a context, visible at once. @returns its position */
const happen = async (context = 'parking', data: object = {}): Promise<bigint> => {
  next += 10n;
  await insertHistory(db, context, [{ position: next, type: 'ParkingReserved', data }]);
  await reachAll();
  return next;
};

const reachAll = async () => {
  await reach(db, 'parking.history', next);
  await reach(db, 'theater.history', next);
};

beforeAll(async () => {
  database = await startDatabase();
  db = database.db;
  await viewOf(db, 'parking.lots').insertMany([
    {
      _id: 'lot-1',
      _position: '1',
      lotId: 'lot-1',
      name: 'B',
      status: 'open',
      spots: 5,
      reserved: 2,
      parked: 0,
      onHold: 0,
      waiting: 0,
      free: 3,
    },
    {
      _id: 'lot-2',
      _position: '1',
      lotId: 'lot-2',
      name: 'A',
      status: 'open',
      spots: 7,
      reserved: 0,
      parked: 0,
      onHold: 0,
      waiting: 0,
      free: 7,
    },
    {
      _id: 'lot-3',
      _position: '1',
      lotId: 'lot-3',
      name: 'C',
      status: 'closed',
      spots: 9,
      reserved: 0,
      parked: 0,
      onHold: 0,
      waiting: 0,
      free: 9,
    },
  ]);
  await viewOf(db, 'parking.reservations').insertMany(
    [1, 2].map((minute) => ({
      _id: `lot-1.r-${minute}`,
      _position: '1',
      lotId: 'lot-1',
      reservationId: `r-${minute}`,
      customerId: 'CUST1',
      carNumber: '10더8612',
      amount: 5000,
      status: 'reserved',
      reservedAt: `2026-01-31T09:0${minute}:00.000Z`,
    })),
  );
  await statuses(db).insertOne({
    _id: 'parking.lots',
    view: 'parking.lots',
    group: 'projections',
    state: 'live',
    position: '1000',
    tail: '1000',
    eventsBehind: 0,
    secondsBehind: 0,
    progressAt: new Date(),
    worker: 'worker-1',
    updatedAt: new Date(Date.now() + 3_600_000),
  });
  for (const view of ['lots', 'reservations', 'coupons', 'holds', 'waitingList', 'history'])
    await reach(db, `parking.${view}`, next);
  await reachAll();
  api = await serveReadApi(db, [parking, theater], {
    events: { pollEvery: 10, heartbeatEvery: 50, maxClients: 30 },
  });
});

afterAll(async () => {
  await api.stop();
  await database.stop();
});

type Message = { id: string; data: { context: string; position: string; data: unknown } };

/** A client of server-sent events that a test can leave unread. */
const connect = async (query = '', headers: Record<string, string> = {}) => {
  const req = request(`${api.url}/control-center/events${query}`, { headers, agent: false });
  req.on('error', () => {});
  req.end();
  onTestFinished(() => {
    req.destroy();
  });
  const res = await new Promise<import('node:http').IncomingMessage>((resolve) => req.once('response', resolve));
  const state = { messages: [] as Message[], lastId: '', heartbeats: 0, ended: false };
  let text = '';
  res.setEncoding('utf8');
  res.on('end', () => {
    state.ended = true;
  });
  const read = () =>
    res.on('data', (chunk: string) => {
      text += chunk;
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        if (part === ':') state.heartbeats++;
        const id = /^id: (.*)$/m.exec(part)?.[1];
        if (id !== undefined) state.lastId = id;
        const data = /^data: (.*)$/m.exec(part)?.[1];
        if (id !== undefined && data !== undefined) state.messages.push({ id, data: JSON.parse(data) });
      }
    });
  return {
    state,
    res,
    read,
    close: () => req.destroy(),
    positions: () => state.messages.map(({ data }) => data.position),
    /** Waits for so many messages. */
    async until(count: number) {
      await expect.poll(() => state.messages.length, { interval: 5 }).toBeGreaterThanOrEqual(count);
    },
  };
};

const reading = async (query = '', headers: Record<string, string> = {}) => {
  const client = await connect(query, headers);
  client.read();
  await expect.poll(() => client.state.lastId, { interval: 5 }).not.toBe('');
  return client;
};

describe('GET /control-center', () => {
  it('is one document over every context', async () => {
    const position = await happen();
    const { status, body } = await api.get('/control-center');
    expect(status).toBe(200);
    expect(body.contexts.parking).toEqual({
      totals: { lots: 2, spots: 12, reserved: 2, free: 10 },
      lots: [
        { lotId: 'lot-2', name: 'A', status: 'open', spots: 7, reserved: 0, parked: 0, onHold: 0, waiting: 0, free: 7 },
        { lotId: 'lot-1', name: 'B', status: 'open', spots: 5, reserved: 2, parked: 0, onHold: 0, waiting: 0, free: 3 },
        {
          lotId: 'lot-3',
          name: 'C',
          status: 'closed',
          spots: 9,
          reserved: 0,
          parked: 0,
          onHold: 0,
          waiting: 0,
          free: 9,
        },
      ],
      reservations: [
        expect.objectContaining({ reservationId: 'r-2' }),
        expect.objectContaining({ reservationId: 'r-1' }),
      ],
    });
    expect(body.events[0]).toMatchObject({ context: 'parking', position: position.toString() });
    expect(body.projections).toEqual([
      expect.objectContaining({ name: 'parking.lots', state: 'live', position: '1000', eventsBehind: 0, parked: 0 }),
    ]);
  });

  it('has the shape of its schema', async () => {
    const ajv = new Ajv({ strict: false });
    formats.default(ajv);
    const validate = ajv.compile(controlCenterSchema([parking.schema]));
    const { body } = await api.get('/control-center');
    const { theater: _, ...contexts } = body.contexts;
    validate({ ...body, contexts });
    expect(validate.errors).toBeNull();
  });

  it('shows the other contexts when one cannot be read', async () => {
    const { body } = await api.get('/control-center');
    expect(body.contexts.theater).toBeNull();
    expect(body.contexts.parking.totals.lots).toBe(2);
    expect(api.errors).toContainEqual(new Error('the stage is closed'));
  });

  it('limits the time of each query, so that MongoDB gives up work for nobody', async () => {
    const client = new MongoClient(database.stores.mongoUrl, { monitorCommands: true });
    onTestFinished(() => client.close());
    const limits: [view: string, limit: unknown][] = [];
    client.on('commandStarted', ({ commandName, command }) => {
      const view = String(command[commandName]);
      if (/^(find|aggregate|count)$/.test(commandName) && /^\w+\.\w+$/.test(view))
        limits.push([view, command.maxTimeMS]);
    });
    const watched = await serveReadApi(client.db('plaza'), [parking]);
    onTestFinished(watched.stop);
    expect((await watched.get('/control-center')).body.contexts.parking.totals.lots).toBe(2);
    expect(new Set(limits.map(([view]) => view))).toEqual(
      new Set(['parking.lots', 'parking.reservations', 'parking.history']),
    );
    expect(new Set(limits.map(([, limit]) => limit))).toEqual(new Set([5000]));
  });

  it('shows no event that the history has not reached', async () => {
    const early = next + 5n;
    await insertHistory(db, 'parking', [{ position: early }]);
    const { body } = await api.get('/control-center');
    expect(body.events.map((event: { position: string }) => event.position)).not.toContain(early.toString());
    await happen();
    await expect
      .poll(async () => (await api.get('/control-center')).body.events[1].position, { interval: 20 })
      .toBe(early.toString());
  });

  it('waits for a position in every view', async () => {
    const behind = await api.get('/control-center', { 'Min-Event-Position': '5000' });
    expect([behind.status, behind.body.type]).toEqual([503, '/problems/view-behind']);
    const waiting = api.get('/control-center', { 'Min-Event-Position': '5000', Prefer: 'wait=20' });
    next = 5000n;
    await reachAll();
    for (const view of ['lots', 'reservations', 'coupons', 'holds', 'waitingList'])
      await reach(db, `parking.${view}`, next);
    const { status, body, headers } = await waiting;
    expect([status, body.position, headers.get('view-position')]).toEqual([200, '5000', '5000']);
  });

  it('refuses parameters', async () => {
    expect((await api.get('/control-center?x=1')).status).toBe(400);
  });
});

describe('GET /control-center/events', () => {
  it('sends each event once and in order to every client', async () => {
    const clients = await Promise.all([reading(), reading(), reading()]);
    const expected: string[] = [];
    for (let at = 0; at < 20; at++) expected.push((await happen(at % 3 ? 'parking' : 'theater')).toString());
    for (const client of clients) {
      await client.until(20);
      expect(client.positions()).toEqual(expected);
    }
  });

  it('continues from the last event id, without a gap or a repeat', async () => {
    const first = await reading();
    const before = [await happen(), await happen('theater')];
    await first.until(2);
    first.close();
    const missed: string[] = [];
    for (let at = 0; at < 450; at++) missed.push((next + BigInt(at + 1) * 10n).toString());
    await insertHistory(
      db,
      'parking',
      missed.map((position) => ({ position: BigInt(position) })),
    );
    next = BigInt(missed.at(-1)!);
    await reachAll();
    expect(first.positions()).toEqual(before.map(String));
    const second = await reading('', { 'Last-Event-ID': first.state.lastId });
    await second.until(450);
    const live = await happen();
    await second.until(451);
    expect(second.positions()).toEqual([...missed, live.toString()]);
  });

  it('continues from the cursor of the document', async () => {
    const known = (await happen()).toString();
    const document = await vi.waitFor(
      async () => {
        const answer = await api.get('/control-center');
        expect(answer.body.events[0].position).toBe(known);
        return answer;
      },
      { timeout: 120_000 },
    );
    const position = await happen();
    const client = await reading(`?after=${document.body.eventCursor}`);
    await client.until(1);
    expect(client.positions()).toEqual([position.toString()]);
  });

  it('resumes each context where it was when one of them is behind', async () => {
    const client = await reading();
    next += 10n;
    const late = next;
    next += 10n;
    const early = next;
    await insertHistory(db, 'parking', [{ position: early }]);
    await reach(db, 'parking.history', early);
    await client.until(1);
    expect(client.state.lastId).toMatch(new RegExp(`^${early};theater=\\d+$`));
    client.close();
    await insertHistory(db, 'theater', [{ position: late }]);
    await reach(db, 'theater.history', early);
    const resumed = await reading('', { 'Last-Event-ID': client.state.lastId });
    await resumed.until(1);
    const after = await happen();
    await resumed.until(2);
    expect(resumed.positions()).toEqual([late.toString(), after.toString()]);
  });

  it('does not send what a client saw from another instance already', async () => {
    const ahead = next + 50n;
    const client = await reading('', { 'Last-Event-ID': ahead.toString() });
    await happen();
    next = ahead;
    const after = await happen();
    await client.until(1);
    expect(client.positions()).toEqual([after.toString()]);
  });

  it('resets a client that is beyond the end of the log for good', async () => {
    const other = await serveReadApi(db, [parking, theater], { events: { pollEvery: 5, resetAfter: 50 } });
    onTestFinished(other.stop);
    await happen();
    const answer = await fetch(`${other.url}/control-center/events`, {
      headers: { 'Last-Event-ID': '99999999999999999999' },
    });
    const messages = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    onTestFinished(() => messages.cancel());
    let text = '';
    const readUntil = async (part: string) => {
      while (!text.includes(part)) text += (await messages.read()).value;
    };
    await readUntil(`event: reset\nid: ${next}\ndata: {}\n\n`);
    const after = await happen();
    await readUntil(`id: ${after}\ndata: {`);
  });

  it('sends everything to a slow client without delaying others', async () => {
    const slow = await connect();
    const quick = await reading();
    const big = 'x'.repeat(20_000);
    const expected: string[] = [];
    for (let batch = 0; batch < 10; batch++) {
      const positions = Array.from({ length: 25 }, (_, at) => next + BigInt(at + 1) * 10n);
      await insertHistory(
        db,
        'parking',
        positions.map((position) => ({ position, data: { big } })),
      );
      next = positions.at(-1)!;
      await reachAll();
      expected.push(...positions.map(String));
    }
    await quick.until(250);
    expect(slow.state.messages).toHaveLength(0);
    slow.read();
    await slow.until(250);
    expect(slow.positions()).toEqual(expected);
    expect((await happen()).toString()).toBe(next.toString());
    await slow.until(251);
    expect(slow.state.messages).toHaveLength(251);
  });

  it('sends heartbeats while there are no events', async () => {
    const client = await reading();
    await expect.poll(() => client.state.heartbeats).toBeGreaterThan(1);
  });

  it('refuses clients beyond its limit', async () => {
    const clients = await Promise.all(Array.from({ length: 35 }, () => connect()));
    const refused = clients.filter(({ res }) => res.statusCode === 503);
    expect(refused).toHaveLength(5);
    expect(refused[0]!.res.headers['retry-after']).toBe('1');
    for (const client of clients) client.close();
    await expect.poll(async () => (await connect()).res.statusCode).toBe(200);
  });

  it.each(['x', '12;', '12;parking', '1;parking=x', '-2', '9'.repeat(30)])('refuses the id %j', async (id) => {
    const { status, body } = await api.get('/control-center/events', { 'Last-Event-ID': id });
    expect([status, body.type]).toEqual([400, '/problems/malformed-request']);
  });

  it('answers HEAD', async () => {
    const { status, headers } = await api.get('/control-center/events', {}, 'HEAD');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  });

  describe('with sign-in on', () => {
    const signedIn = async (callers: Readonly<Record<string, Caller>>, events: EventStreamOptions = {}) => {
      const other = await serveReadApi(db, [parking], { events, identify: async (token) => callers[String(token)] });
      onTestFinished(other.stop);
      return (token: string) => fetch(`${other.url}/control-center/events`, { headers: { Authorization: token } });
    };
    const staff = (sub: string, left = 60_000): Caller => ({
      sub,
      id: sub,
      roles: ['staff'],
      expiresAt: Date.now() + left,
    });

    it('ends when the token expires', async () => {
      const open = await signedIn({ short: staff('s-1', 300), long: staff('s-1') });
      const long = await open('long');
      const text = await (await open('short')).text();
      expect(text).toMatch(/^retry: 1000\nid: [^\n]+\n\n$/);
      const reader = long.body!.getReader();
      await reader.read();
      await happen();
      expect(Buffer.from((await reader.read()).value!).toString()).toMatch(/data: /);
      await reader.cancel();
    });

    it('holds a bounded number of connections for each subject', async () => {
      const open = await signedIn({ one: staff('s-1'), two: staff('s-2') }, { maxOfSubject: 2 });
      const own = [await open('one'), await open('one'), await open('one')];
      expect(own.map(({ status }) => status)).toEqual([200, 200, 429]);
      expect(own[2]!.headers.get('retry-after')).toBe('10');
      expect(await own[2]!.json()).toMatchObject({ type: '/problems/too-many-requests' });
      const other = await open('two');
      expect(other.status).toBe(200);
      await own[0]!.body!.cancel();
      await expect
        .poll(async () => {
          const again = await open('one');
          await again.body!.cancel();
          return again.status;
        })
        .toBe(200);
      for (const { body } of [own[1]!, other]) await body!.cancel();
    });
  });

  it('ends when the process does', async () => {
    const other = await serveReadApi(db, [parking]);
    const res = await fetch(`${other.url}/control-center/events`);
    const text = res.text();
    await other.stop();
    await expect(text).resolves.toMatch(/^retry: 1000\nid: \d+\n\n$/);
  });
});

describe('the documents', () => {
  it('are served', async () => {
    expect((await api.get('/openapi.json')).body.openapi).toBe('3.1.0');
    expect((await api.get('/asyncapi.json')).body.asyncapi).toBe('3.0.0');
  });

  it.each(['/openapi.json', '/asyncapi.json', '/reference', '/problems/lot-full', '/control-center/activity'])(
    'are not sent again to a client that has them: %s',
    async (path) => {
      const etag = (await api.get(path)).headers.get('etag') ?? '';
      const again = await api.get(path, { 'If-None-Match': etag });
      expect([again.status, again.text]).toEqual([304, '']);
    },
  );

  it('show the address that they were requested at', async () => {
    const shownTo = async (headers: Record<string, string>) =>
      /PLAZA=[^<]+/.exec((await api.get('/reference', headers)).text)?.[0];
    expect(await shownTo({})).toBe(`PLAZA=${api.url}`);
    const forwarded = { 'X-Forwarded-Host': 'plaza.example:8443', 'X-Forwarded-Proto': 'https' };
    expect(await shownTo(forwarded)).toBe('PLAZA=https://plaza.example:8443');
    expect(await shownTo({ 'X-Forwarded-Host': '"><script>' })).toBe('PLAZA=http://localhost:8088');
    const etags = [await api.get('/reference'), await api.get('/reference', forwarded)];
    expect(new Set(etags.map(({ headers }) => headers.get('etag'))).size).toBe(2);
  });

  it('can be read as a page that loads and runs nothing', async () => {
    const { status, text, headers } = await api.get('/reference');
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; ?style-src 'sha256-[^']+';/);
    expect(text).not.toMatch(/<script|<img|<link|src=|url\(|@import/);
    expect(text).toContain('/problems/lot-full');
    expect(text).toContain('curl -i -X POST &#34;$PLAZA/parking/lots/lot-1/reservations&#34;');
  });
});
