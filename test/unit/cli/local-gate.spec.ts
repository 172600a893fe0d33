import { once } from 'node:events';
import { createServer, type OutgoingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { isHost, LocalGate } from '../../../src/cli/console/local-gate.js';

describe('the gate of the local console', () => {
  let server: Server;
  let port: number;
  let first: string;
  let served: string[];
  beforeEach(async () => {
    served = [];
    server = createServer(({ url = '' }, response) => {
      served.push(url);
      response.end('inside');
    });
    const gate = new LocalGate('storage');
    gate.guard(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
    const { pathname, search } = new URL(gate.url(port));
    first = pathname + search;
  });
  afterEach(async () => {
    server.close();
    await once(server, 'close');
  });

  const ask = async (path: string, headers: OutgoingHttpHeaders = {}, method = 'GET') => {
    const asking = request({ host: '127.0.0.1', port, path, method, headers, agent: false });
    asking.end();
    const [answer] = await once(asking, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk);
    return { status: answer.statusCode as number, headers: answer.headers, body: Buffer.concat(chunks).toString() };
  };
  const enter = async (): Promise<string> => {
    const { headers } = await ask(first);
    return String(headers['set-cookie']?.[0]?.split(';')[0]);
  };

  it('gives a cookie to the first request with the token, and removes the token from the URL', async () => {
    const { status, headers, body } = await ask(first);
    expect([status, body, headers.location]).toEqual([303, '', '/storage/']);
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(/^harbor_console_\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/storage$/),
    ]);
    expect(served).toEqual([]);
  });

  it('lets in who has the cookie, also with the used token', async () => {
    const cookie = await enter();
    expect(await ask('/storage/loads?table=a', { cookie })).toMatchObject({ status: 200, body: 'inside' });
    expect(await ask('/storage/loads', { cookie: `a=b; ${cookie}; c` })).toMatchObject({ status: 200 });
    expect(await ask(first, { cookie })).toMatchObject({ status: 303, headers: { location: '/storage/' } });
    expect(served).toEqual(['/storage/loads?table=a', '/storage/loads']);
  });

  it('refuses the token a second time', async () => {
    await enter();
    expect(await ask(first)).toMatchObject({ status: 403, body: '' });
    expect((await ask(first)).headers['set-cookie']).toBeUndefined();
  });

  it.each([
    ['nothing', '/storage/', {}, 'GET', 401],
    ['another token', '/storage/?token=nonsense', {}, 'GET', 401],
    ['an empty token', '/storage/?token=', {}, 'GET', 401],
    ['another cookie', '/storage/', { cookie: 'harbor_console=x' }, 'GET', 401],
    ['a POST', '/storage/rejects/purge', {}, 'POST', 401],
    ['another host', '/storage/', { host: 'evil.example' }, 'GET', 403],
    ['another port', '/storage/', { host: '127.0.0.1:1' }, 'GET', 403],
  ])('answers a request with %s by a status alone', async (_, path, headers, method, status) => {
    expect(await ask(path, headers, method)).toMatchObject({ status, body: '' });
    expect(served).toEqual([]);
  });

  it('takes the token by GET only, so that a preview of the link does not use it', async () => {
    expect(await ask(first, {}, 'HEAD')).toMatchObject({ status: 401 });
    expect(await ask(first)).toMatchObject({ status: 303 });
  });

  it('lets in nobody under the name of another host, not even with the token or the cookie', async () => {
    const host = `evil.example:${port}`;
    expect(await ask(first, { host })).toMatchObject({ status: 403 });
    const cookie = await enter();
    expect(await ask('/storage/', { host, cookie })).toMatchObject({ status: 403 });
    expect(await ask('/storage/', { host: `localhost:${port}`, cookie })).toMatchObject({ status: 200 });
  });

  it('knows the cookie of this port only', async () => {
    const cookie = (await enter()).replace(String(port), '1');
    expect(await ask('/storage/', { cookie })).toMatchObject({ status: 401 });
  });
});

it.each([
  ['127.0.0.1:4000', 4000, true],
  ['127.0.0.1', 4000, false],
  ['127.0.0.1:80', 80, true],
  // As browsers send it.
  ['127.0.0.1', 80, true],
  ['127.0.0.1.evil.test', 80, false],
  [undefined, 80, false],
])('takes the host %j for port %i: %j', (header, port, expected) => {
  expect(isHost(header, '127.0.0.1', port)).toBe(expected);
});
