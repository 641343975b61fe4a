import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { widenReceiveWindows } from './receive-window.ts';

const listening = async (): Promise<{ server: Http2Server; url: string }> => {
  const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

/** Returns the receive window that the server sees after a call. */
const windowAfter = async (path: string): Promise<number | undefined> => {
  const { server, url } = await listening();
  const client = connect(url);
  onTestFinished(() => client.close());
  const [[session]] = await Promise.all([once(server, 'session'), once(client, 'remoteSettings')]);
  for (const answered of [path, '/another', '/another']) {
    const call = client.request({ ':path': answered });
    call.resume();
    await once(call, 'close');
  }
  return session.remoteSettings.initialWindowSize;
};

test('importing the module registers no listener', async () => {
  const program = `
    import { hasSubscribers } from 'node:diagnostics_channel';
    await import(${JSON.stringify(new URL('./events.ts', import.meta.url).href)});
    console.log(hasSubscribers('http2.client.stream.created'));`;
  // In a process of its own: another test here may have a subscription.
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  expect(stdout.trim()).toBe('false');
});

test('opens a receive window of one megabyte on connections that read from an event store', async () => {
  widenReceiveWindows();
  expect(await windowAfter('/event_store.client.streams.Streams/Read')).toBe(1024 * 1024);
  expect(await windowAfter('/something.Else/Read')).toBe(65_535);
});
