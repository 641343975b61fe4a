import { Agent, request } from 'node:http';

export type Answer = { status: number; body: unknown };

/** Sends JSON requests to one server over keep-alive connections. */
export type Client = {
  /**
   * @param signal gives the request up, as a client that leaves does
   * @throws Error when the connection breaks, or the request was given up
   */
  send(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object, signal?: AbortSignal): Promise<Answer>;
  close(): void;
};

/** @param connections requests that are on their way at a time; others wait for one of them */
export const clientOf = (url: string, connections: number): Client => {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    send: (method, path, body, signal) =>
      new Promise((resolve, reject) => {
        const text = body === undefined ? undefined : JSON.stringify(body);
        const headers: Record<string, string | number> =
          text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
        const sent = request({ hostname, port, method, path, agent, headers, ...(signal ? { signal } : {}) });
        sent.once('error', reject);
        sent.once('response', (answer) => {
          const chunks: Buffer[] = [];
          answer.once('error', reject);
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.once('end', () => {
            const content = Buffer.concat(chunks).toString();
            resolve({ status: answer.statusCode!, body: content === '' ? undefined : JSON.parse(content) });
          });
        });
        sent.end(text);
      }),
    close: () => agent.destroy(),
  };
};
