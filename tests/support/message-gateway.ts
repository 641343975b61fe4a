import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** A message as a gateway for text messages gets it. */
type Posted = { id: string; data: { to: string; kind: string; text: string; language: string } };

/** Opens a gateway for text messages: the server that MESSAGE_WEBHOOK_URL names. */
export const openMessageGateway = async () => {
  const posted: Posted[] = [];
  let beforeAnswer: () => Promise<void> = async () => {};
  const server = createServer(async (request, response) => {
    const { data } = (await json(request)) as Pick<Posted, 'data'>;
    posted.push({ id: String(request.headers['webhook-id']), data });
    await beforeAnswer();
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    /** The messages that came. */
    posted,
    /** The settings with which Plaza sends its messages here. */
    env: {
      MESSAGE_WEBHOOK_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      MESSAGE_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
    },
    /** Does something after a message came and before its answer, from now on. */
    doBeforeAnswer(job: typeof beforeAnswer): void {
      beforeAnswer = job;
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
