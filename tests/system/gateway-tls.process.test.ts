import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selfSigned } from '../deploy/certificate.ts';
import { findNginx, type Gateway, startGateway } from '../deploy/nginx.ts';

const nginx = findNginx();

describe.skipIf(!nginx)('the gateway with TLS (needs nginx)', () => {
  const certificate = selfSigned();
  let side: Server;
  let seen: IncomingHttpHeaders;
  let gateway: Gateway;
  beforeAll(async () => {
    side = createServer((req, res) => {
      seen = req.headers;
      res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
    await new Promise<void>((resolve) => side.listen(0, '127.0.0.1', resolve));
    const ports = [(side.address() as AddressInfo).port];
    gateway = await startGateway(
      nginx ?? '',
      { writeSide: ports, readApi: ports, projections: ports },
      { tls: certificate },
    );
  });
  afterAll(async () => {
    await gateway.stop();
    side.closeAllConnections();
    side.close();
  });

  test('uses the configured certificate, and tells the sides that the request came over TLS', async () => {
    const answer = await new Promise<{ status: number | undefined; headers: IncomingHttpHeaders }>(
      (resolve, reject) => {
        get(`${gateway.tlsUrl}/parking/lots`, { ca: certificate.certificate }, (res) => {
          res.resume();
          resolve({ status: res.statusCode, headers: res.headers });
        }).once('error', reject);
      },
    );
    expect(answer.status).toBe(200);
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
    expect(seen).toMatchObject({ 'x-forwarded-proto': 'https', 'x-forwarded-for': '127.0.0.1' });
    expect((await fetch(`${gateway.url}/parking/lots`)).status).toBe(200);
  });

  test.each([
    ['TLSv1.3', 'TLSv1.3'],
    ['TLSv1.2', 'TLSv1.2'],
    ['TLSv1.1', undefined],
  ] as const)('%s gets %s', async (version, expected) => {
    const { port } = new URL(gateway.tlsUrl ?? '');
    const options = {
      ca: certificate.certificate,
      minVersion: version,
      maxVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0',
    };
    const agreed = await new Promise<string | null | undefined>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', options, () => {
        resolve(socket.getProtocol());
        socket.end();
      });
      socket.once('error', () => resolve(undefined));
    });
    expect(agreed).toBe(expected);
  });
});
