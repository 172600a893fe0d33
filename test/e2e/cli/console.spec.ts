import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type CommandLine, startCommandLine } from '../../support/cli/command-line.js';
import { startCli } from '../../support/cli/run-cli.js';

describe('harbor-storage console', () => {
  let cli: CommandLine;
  beforeAll(async () => {
    cli = await startCommandLine();
  });
  afterAll(() => cli.close());

  it('serves the pages to the browser that opens its URL first, until it is interrupted', async () => {
    const console = startCli(cli.url, ['console', '--port', '0', '--read-only', '--json']);
    const url = new URL(JSON.parse(await console.prints('\n')).url);
    expect(url.href).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/storage\/\?token=[\w-]{43}$/);
    const entered = await fetch(url, { redirect: 'manual' });
    expect([entered.status, entered.headers.get('location')]).toEqual([303, '/storage/']);
    const cookie = String(entered.headers.getSetCookie()[0]?.split(';')[0]);
    const page = await fetch(new URL('/storage/', url), { headers: { cookie } });
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('read-only')]);
    for (const [path, status] of [
      [url.pathname + url.search, 403],
      ['/storage/', 401],
      ['/storage/assets/console.css', 401],
      ['/nowhere', 401],
    ] as const) {
      const refused = await fetch(new URL(path, url), { redirect: 'manual' });
      expect([path, refused.status, await refused.text()]).toEqual([path, status, '']);
    }
    console.kill('SIGINT');
    expect(await console.ended).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('Press Ctrl-C to end') });
  });

  it('names a port that is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      expect(await cli.runHere(['console', '--port', String(port)])).toMatchObject({
        exitCode: 2,
        stderr: `error: --port: ${port} is in use. Choose another port, or 0 for any free one\n`,
      });
    } finally {
      server.close();
    }
  });

  it('takes no port beyond 65535', async () => {
    expect(await cli.runHere(['console', '--port', '65536'])).toMatchObject({ exitCode: 2 });
  });
});
