import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

export type SentRequest = {
  method: string;
  path: string /** By names in lower case. */;
  headers?: Readonly<Record<string, string>>;
  body?: object;
};
export type HttpAnswer = { status: number; headers: Readonly<Record<string, string>>; body: string };

/**
 * Gives a request to an app, without a connection and its streams: a request whose body was read, and a response that
 * keeps what is written. Express gives them the methods that they lack.
 */
export const inject = (app: RequestListener, { method, path, headers, body }: SentRequest): Promise<HttpAnswer> =>
  new Promise((resolve) => {
    const own = { ...headers };
    if (body) Object.assign(own, { 'content-type': 'application/json', 'content-length': '1' });
    const req = { method, url: path, headers: own, body, complete: true };
    const sent: Record<string, string> = {};
    let text = '';
    const setHeader = (name: string, value: unknown) => {
      sent[name.toLowerCase()] = String(value);
    };
    const write = (chunk: string | Uint8Array) => {
      text += typeof chunk === 'string' ? chunk : Buffer.from(chunk);
      return true;
    };
    const res = {
      statusCode: 200,
      destroyed: false,
      setHeader,
      getHeader: (name: string) => sent[name.toLowerCase()],
      writeHead(status: number, given: object = {}) {
        res.statusCode = status;
        for (const [name, value] of Object.entries(given)) setHeader(name, value);
        return res;
      },
      write,
      end(chunk: string | Uint8Array = '') {
        write(chunk);
        resolve({ status: res.statusCode, headers: sent, body: text });
        return res;
      },
    };
    app(req as unknown as IncomingMessage, res as unknown as ServerResponse);
  });
