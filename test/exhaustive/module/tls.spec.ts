import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { Client, escapeLiteral } from 'pg';

import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/embedded/embedded-postgres.js';
import { StorageModule } from '../../../src/index.js';
import { eventually, queryValue } from '../../support/processes/embedded-processes.js';
import { runCli } from '../../support/cli/run-cli.js';
import { initStorageApp } from '../../support/app/storage-app.js';

/** A certificate for the host name `localhost`, and the CA that signed it; for this test only. */
const FILES = join(import.meta.dirname, '..', '..', 'support', 'database', 'tls');
const CA = `sslrootcert=${encodeURIComponent(join(FILES, 'ca.crt'))}`;

let directory: string;
let postgres: EmbeddedPostgres;

/** Another host name of the server. */
function urlOf(host: string, query: string): string {
  const url = new URL(postgres.url);
  url.hostname = host;
  return `${url.href}?${query}`;
}

/** Written by the server itself, which rejects a key that others could read. */
async function putFile(client: Client, name: string): Promise<void> {
  const text = await readFile(join(FILES, name), 'utf8');
  await client.query(
    `COPY (SELECT unnest(string_to_array(${escapeLiteral(text.trim())}, E'\\n'))) TO PROGRAM 'umask 077; cat > ${name}'`,
  );
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'harbor-storage-tls-'));
  postgres = await startEmbeddedPostgres({ dataDir: directory, durable: false });
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await putFile(client, 'localhost.crt');
  await putFile(client, 'localhost.key');
  await client.query(`ALTER SYSTEM SET ssl_cert_file = 'localhost.crt'`);
  await client.query(`ALTER SYSTEM SET ssl_key_file = 'localhost.key'`);
  await client.query('ALTER SYSTEM SET ssl = on');
  await client.query('SELECT pg_reload_conf()');
  await client.end();
  await eventually(async () => (await queryValue(postgres.url, 'SHOW ssl')) === 'on');
}, 120_000);

afterAll(async () => {
  await postgres?.stop();
  await Promise.all([directory, postgres?.dataDir].map((path) => path && rm(path, { recursive: true, force: true })));
});

describe('a server with TLS', () => {
  it.each([
    ['sslmode=disable', false],
    [`sslmode=verify-full&${CA}`, true],
    [`sslmode=require&${CA}`, true],
    ['sslmode=no-verify', true],
  ])('%s', async (query, encrypted) => {
    const url = urlOf('localhost', query);
    const app = await initStorageApp(
      await Test.createTestingModule({ imports: [StorageModule.forRoot({ url, migrations: 'run' })] }).compile(),
    );
    try {
      const records = Array.from({ length: 500 }, (_, index) => ({ submission_id: `t3_${index}` }));
      expect(await app.profiles.storeBatch(records)).toMatchObject({ ok: true, received: 500 });
      expect(await app.rows('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).toEqual([{ ssl: encrypted }]);
    } finally {
      await app.close();
    }
  });

  it('serves the command line', async () => {
    const { exitCode, stdout } = await runCli(urlOf('localhost', `sslmode=verify-full&${CA}`), [
      'migrate',
      'up',
      '--json',
    ]);
    expect({ exitCode, answer: JSON.parse(stdout) as unknown }).toMatchObject({ exitCode: 0 });
  });

  it.each([
    ['whose certificate is of another host', '127.0.0.1', CA, 'ERR_TLS_CERT_ALTNAME_INVALID', 'host'],
    ['whose authority is not known', 'localhost', '', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'sslrootcert='],
  ])('%s is rejected', async (_, host, query, code, remedy) => {
    const { exitCode, stderr } = await runCli(urlOf(host, `sslmode=verify-full&${query}`), ['migrate', 'status']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(code);
    expect(stderr).toContain(remedy);
    expect(stderr).not.toContain(new URL(postgres.url).password);
  });
});

it('reports a server without TLS by name', async () => {
  const url = `${process.env['HARBOR_STORAGE_TEST_SERVER'] as string}?sslmode=verify-full`;
  const { exitCode, stderr } = await runCli(url, ['migrate', 'status']);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/does not support SSL/);
});
