import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';

const ENTRY = join(import.meta.dirname, '../dist/development.js');

let folder: string;
let started: ChildProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'harbor-storage-example-'));
});
afterEach(() => {
  started?.kill('SIGKILL'); // where a test has failed
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As a shell starts it: in a process group of its own, so that Ctrl-C reaches all of it. */
function start(port: number): ChildProcessByStdio<null, Readable, Readable> {
  const { DATABASE_URL: _url, MIGRATIONS: _migrations, ...env } = process.env;
  const example = spawn(process.execPath, [ENTRY], {
    cwd: folder,
    env: { ...env, PORT: String(port) },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started = example;
  return example;
}

/** Its URL, and the lines of its log before that. */
async function untilStarted(output: Readable): Promise<{ url: string; log: Record<string, unknown>[] }> {
  let seen = '';
  for await (const chunk of output) {
    seen += String(chunk);
    const url = /^API +(\S+)\/docs$/m.exec(seen)?.[1];
    if (url !== undefined && seen.includes('Ctrl-C')) {
      const lines = seen.split('\n').filter((line) => line.startsWith('{'));
      return { url, log: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
    }
  }
  throw new Error(`It ended without its URL: ${seen}`);
}

it.each([
  ['new', 1],
  ['kept', 0],
])(
  'starts on a %s Postgres of its own, has the samples once, and ends at Ctrl-C',
  async (_postgres, loads) => {
    const example = start(0);
    const ended = once(example, 'exit');
    const errors = text(example.stderr);
    const { url, log } = await untilStarted(example.stdout);
    const { items } = (await (await fetch(`${url}/loads`)).json()) as { items: Record<string, unknown>[] };
    expect(items.map(({ table, received, rejected }) => ({ table, received, rejected }))).toEqual([
      { table: 'feedback', received: 176, rejected: 14 },
      { table: 'hybrid', received: 300, rejected: 8 },
    ]);
    const lines = log.filter(({ msg, table }) => msg === 'Load completed' && table === 'hybrid');
    expect(lines).toHaveLength(loads);
    process.kill(-(example.pid as number), 'SIGINT');
    expect(await ended).toEqual([0, null]);
    expect(await errors).toBe('');
  },
  60_000,
);

it('says which port is in use', async () => {
  const taken: Server = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const example = start(port);
  const [errors, ended] = await Promise.all([text(example.stderr), once(example, 'exit')]);
  taken.close();
  expect(errors).toBe(`Port ${port} is in use. Set another one, for example PORT=${port + 1}.\n`);
  expect(ended).toEqual([1, null]);
});
