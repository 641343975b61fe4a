import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';

export type SentRequest = { method: string; path: string; headers?: Readonly<Record<string, string>>; body?: object };
export type HttpAnswer = { status: number; headers: Readonly<Record<string, string>>; body: string };

/** A connection without a wire. */
const noSocket = (): Duplex => {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  return Object.assign(socket, { remoteAddress: '127.0.0.1', encrypted: false, setTimeout: () => socket });
};

/** Gives a request to an app, without a server: the app sees the same objects as behind one. */
export const inject = (app: RequestListener, { method, path, headers = {}, body }: SentRequest): Promise<HttpAnswer> =>
  new Promise((resolve) => {
    const socket = noSocket();
    const req = new IncomingMessage(socket as never);
    req.method = method;
    req.url = path;
    const text = body === undefined ? undefined : JSON.stringify(body);
    for (const [name, value] of Object.entries(headers)) req.headers[name.toLowerCase()] = value;
    if (text !== undefined) {
      req.headers['content-type'] = 'application/json';
      req.headers['content-length'] = `${Buffer.byteLength(text)}`;
      req.push(text);
    }
    req.push(null);
    req.complete = true;

    const res = new ServerResponse(req);
    res.sendDate = false;
    const chunks: Buffer[] = [];
    let sent: Record<string, string> = {};
    const keep = (chunk: unknown) => {
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk as string));
    };
    res.writeHead = ((status: number, ...rest: unknown[]) => {
      res.statusCode = status;
      const given = rest.at(-1);
      const own = typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {};
      sent = Object.fromEntries(
        Object.entries({ ...res.getHeaders(), ...own }).map(([name, value]) => [name.toLowerCase(), String(value)]),
      );
      return res;
    }) as typeof res.writeHead;
    res.write = ((chunk: unknown) => {
      keep(chunk);
      return true;
    }) as typeof res.write;
    res.end = ((chunk?: unknown) => {
      keep(chunk);
      res.finished = true;
      resolve({ status: res.statusCode, headers: sent, body: Buffer.concat(chunks).toString() });
      res.emit('finish');
      res.emit('close');
      return res;
    }) as typeof res.end;
    app(req, res);
  });
