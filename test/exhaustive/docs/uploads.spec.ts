import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { examplesIn } from '../../../scripts/docs/examples.js';
import { type CommandLine, startCommandLine } from '../../support/cli/command-line.js';
import { createUserProject, type ProjectFolder } from '../../support/cli/project-folder.js';
import { eventually } from '../../support/processes/embedded-processes.js';

const MAIN = `
  import 'reflect-metadata';
  import { Module } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { FastifyAdapter } from '@nestjs/platform-fastify';
  import { StorageModule } from 'harbor-storage';
  import { allowUploads } from './fastify-upload.js';
  import { PriceUploadModule } from './price-upload.js';

  @Module({
    imports: [StorageModule.forRoot({ url: process.env.DATABASE_URL, loader: { batchSize: 100 } }), PriceUploadModule],
  })
  class AppModule {}

  const isFastify = process.argv[2] === 'fastify';
  const logger = ['error', 'warn'];
  const app = isFastify
    ? await NestFactory.create(AppModule, new FastifyAdapter(), { logger })
    : await NestFactory.create(AppModule, { logger });
  if (isFastify) allowUploads(app);
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  console.log(app.getHttpServer().address().port);
`;
const PAGES = ['docs/start/entities-and-decorators.md', 'docs/loading/uploads.md'];
const EXAMPLES = new Set(['prices', 'create-prices', 'price-upload', 'fastify-upload']);

const line = (sku: string | number, amount: unknown = '1.50'): string =>
  `${JSON.stringify({ sku: String(sku), amount, seenAt: '2026-11-23T10:00:00Z' })}\n`;
const lines = (count: number): string => Array.from({ length: count }, (_, index) => line(index)).join('');

describe.each(['express', 'fastify'])('the upload of docs/loading/uploads.md on %s', (platform) => {
  let cli: CommandLine;
  let project: ProjectFolder;
  let server: ChildProcess;
  let port: string;

  beforeAll(async () => {
    cli = await startCommandLine();
    project = await createUserProject(cli.url, ['@nestjs', 'rxjs']);
    for (const page of PAGES) {
      const examples = examplesIn(await readFile(page, 'utf8')).filter(({ name }) => EXAMPLES.has(name));
      for (const { name, source } of examples) await project.write(`src/${name}.ts`, source);
    }
    await project.write('src/main.ts', MAIN);
    await project.compile();
    await cli.rows(
      'CREATE TABLE prices (sku text PRIMARY KEY, amount numeric(12, 2), "seenAt" timestamptz NOT NULL, extra jsonb)',
    );
    const env = { ...process.env, DATABASE_URL: cli.url, NODE_OPTIONS: '' };
    server = spawn(process.execPath, ['dist/main.js', platform], {
      cwd: project.path,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    [port] = (await once(createInterface({ input: server.stdout as Readable }), 'line')) as [string];
  });
  afterAll(async () => {
    server.kill('SIGKILL');
    await project.remove();
    await cli.close();
  });

  function open(headers: Record<string, string> = {}): ClientRequest {
    const options = { method: 'POST', host: '127.0.0.1', port, path: '/prices/upload' };
    return request({ ...options, headers: { 'content-type': 'application/x-ndjson', ...headers } });
  }

  async function answerTo(upload: ClientRequest): Promise<readonly [status: number | undefined, body: unknown]> {
    const [response] = (await once(upload, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return [response.statusCode, JSON.parse(Buffer.concat(chunks).toString())];
  }

  function send(body: string | Buffer, headers?: Record<string, string>) {
    const upload = open(headers);
    upload.end(body);
    return answerTo(upload);
  }

  const lastLoad = async () =>
    (
      await cli.rows<{ status: string; inserted: string }>(
        'SELECT * FROM storage_loads ORDER BY started_at DESC LIMIT 1',
      )
    )[0];
  const stored = async () => (await cli.rows<{ n: number }>('SELECT count(*)::int AS n FROM prices'))[0]?.n;

  it('counts the lines, plain and compressed, and keeps a bad one in quarantine', async () => {
    const body = line('a') + line('b', 'much') + 'no json\n' + line('c');
    const counts = { ok: false, received: 4, inserted: 2, rejected: 2, failed: 0 };
    expect(await send(body)).toEqual([200, expect.objectContaining(counts)]);
    const again = { received: 4, inserted: 0, unchanged: 2, rejected: 2 };
    expect(await send(gzipSync(body), { 'content-encoding': 'gzip' })).toEqual([200, expect.objectContaining(again)]);
    const rejected = await cli.rows(
      "SELECT reason, convert_from(raw, 'UTF8') AS raw FROM storage_rejected_records LIMIT 2",
    );
    expect(rejected).toContainEqual({ reason: 'invalid_json', raw: 'no json' });
  });

  it('does the load of an idempotency key once', async () => {
    const key = { 'idempotency-key': 'prices of monday' };
    const [, first] = await send(line('k'), key);
    expect(await send(line('k'), key)).toEqual([200, first]);
  });

  it('answers 422 when too many lines are rejected, while the client still sends', async () => {
    const upload = open();
    const answer = answerTo(upload);
    upload.write('no json\n'.repeat(1101));
    expect(await answer).toMatchObject([422, { code: 'REJECT_LIMIT_EXCEEDED' }]);
    upload.destroy();
  });

  it('answers 413 when the body is too large', async () => {
    expect(await send(`${' '.repeat(1024 * 1024)}\n`.repeat(65))).toMatchObject([413, {}]);
  });

  it('answers 415 to another content type, and loads nothing', async () => {
    await cli.rows('TRUNCATE prices');
    const type = 'application/x-www-form-urlencoded'; // what curl sends, and Express reads
    expect(await send(line('t'), { 'content-type': type })).toMatchObject([415, {}]);
    expect(await stored()).toBe(0);
  });

  it('answers 400 when the compressed body is cut', async () => {
    expect(await send(gzipSync(lines(1000)).subarray(0, 500))).toMatchObject([400, {}]);
  });

  it('is interrupted when the client aborts, and has what was committed', async () => {
    await cli.rows('TRUNCATE prices');
    const upload = open();
    upload.on('error', () => {});
    upload.write(lines(1050));
    expect(await eventually(async () => (await stored()) === 1000)).toBe(true);
    upload.destroy();
    expect(await eventually(async () => (await lastLoad())?.status !== 'running')).toBe(true);
    expect(await lastLoad()).toMatchObject({ status: 'interrupted', inserted: String(await stored()) });
  });

  it('answers 503 when the application shuts down, and the process ends', async () => {
    const upload = open();
    const answer = answerTo(upload);
    upload.write(lines(1050));
    expect(await eventually(async () => (await lastLoad())?.status === 'running')).toBe(true);
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    expect(await answer).toMatchObject([503, { code: 'LOAD_INTERRUPTED' }]);
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(await lastLoad()).toMatchObject({ status: 'interrupted' });
  });
});
