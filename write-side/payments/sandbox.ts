import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { Ajv } from 'ajv';
import { Charge, type ChargeState } from './contract.ts';

/** The charges and refunds that were made, and their sums. */
export type Totals = { charges: number; refunds: number; charged: number; refunded: number };

export type SandboxOptions = {
  host?: string;
  /** 0, the default, takes any free port. */
  port?: number;
  /** The database of the charges: a file, or `:memory:`. */
  file?: string;
};

type Row = { state: ChargeState['state']; amount: number; charged: number };

const BODY_LIMIT = 16 * 1024;

/**
 * Starts a payment provider for tests that charges no real money. The token decides the outcome of a charge: `approve`;
 * `decline`; `hang` gets no answer; `fail-then-approve` gets 503 at the first attempt; `charge-then-drop` is charged at
 * the first attempt, and the connection breaks. Any other token is declined.
 */
export const startSandbox = async ({ host = '127.0.0.1', port = 0, file = ':memory:' }: SandboxOptions = {}) => {
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS charges (
      key TEXT PRIMARY KEY, state TEXT NOT NULL, amount INTEGER NOT NULL, charged INTEGER NOT NULL
    ) STRICT`);
  const select = database.prepare('SELECT state, amount, charged FROM charges WHERE key = ?');
  const insert = database.prepare('INSERT INTO charges (key, state, amount, charged) VALUES (?, ?, ?, ?)');
  const undo = database.prepare("UPDATE charges SET state = 'undone' WHERE key = ?");
  const sum = database.prepare(`
    SELECT count(*) FILTER (WHERE charged) AS charges,
           count(*) FILTER (WHERE charged AND state = 'undone') AS refunds,
           coalesce(sum(amount) FILTER (WHERE charged), 0) AS charged,
           coalesce(sum(amount) FILTER (WHERE charged AND state = 'undone'), 0) AS refunded
    FROM charges`);
  const failedOnce = new Set<string>();
  const isCharge = new Ajv().compile<Charge>(Charge);

  const stateOf = (key: string): ChargeState | undefined => {
    const row = select.get(key) as Row | undefined;
    return row && { state: row.state, charged: row.charged === 1 };
  };
  const decide = (key: string, state: ChargeState['state'], amount: number): ChargeState => {
    const charged = state === 'approved';
    insert.run(key, state, amount, charged ? 1 : 0);
    return { state, charged };
  };

  /** An answer; `silence` sends none, `broken` closes the connection. */
  type Reply = { status: number; body: object } | 'silence' | 'broken';

  const ok = (body: object): Reply => ({ status: 200, body });
  const wrong = (status: number, error: string): Reply => ({ status, body: { error } });

  const charge = (key: string, { amount, token }: Charge): Reply => {
    const known = stateOf(key);
    if (known) return ok(known);
    switch (token) {
      case 'approve':
        return ok(decide(key, 'approved', amount));
      case 'hang':
        return 'silence';
      case 'fail-then-approve':
        if (failedOnce.has(key)) return ok(decide(key, 'approved', amount));
        failedOnce.add(key);
        return wrong(503, 'try again');
      case 'charge-then-drop':
        decide(key, 'approved', amount);
        return 'broken';
      default:
        return ok(decide(key, 'declined', amount));
    }
  };

  const read = async (req: IncomingMessage): Promise<unknown> => {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of req as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > BODY_LIMIT) return undefined;
      chunks.push(chunk);
    }
    try {
      return JSON.parse(Buffer.concat(chunks).toString());
    } catch {
      return undefined;
    }
  };

  const reply = async (req: IncomingMessage): Promise<Reply> => {
    const { method, url = '' } = req;
    if (method === 'GET' && url === '/livez') return ok({ status: 'ok' });
    if (method === 'GET' && url === '/totals') return ok(sum.get() as Totals);
    const [, key, action] = /^\/charges\/([A-Za-z0-9_.-]{1,200})(\/undo)?$/.exec(url) ?? [];
    if (key === undefined) return wrong(404, 'there is nothing here');
    if (method === 'GET' && !action) {
      const known = stateOf(key);
      return known ? ok(known) : wrong(404, 'no such charge');
    }
    if (method !== 'PUT') return wrong(405, 'PUT or GET');
    if (action) {
      if (!stateOf(key)) insert.run(key, 'undone', 0, 0);
      undo.run(key);
      return ok(stateOf(key)!);
    }
    const body = await read(req);
    return isCharge(body) ? charge(key, body) : wrong(400, 'no charge');
  };

  const server = createServer((req, res) => {
    reply(req).then(
      (given) => {
        if (given === 'silence') return;
        if (given === 'broken') res.socket?.destroy();
        else res.writeHead(given.status, { 'Content-Type': 'application/json' }).end(JSON.stringify(given.body));
      },
      () => res.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${actual}`,
    /** Also at `GET /totals`. */
    totals: (): Totals => ({ ...(sum.get() as Totals) }),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      database.close();
    },
  };
};

export type Sandbox = Awaited<ReturnType<typeof startSandbox>>;
