import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { createTestDatabase, type TestDatabase } from '../../../src/testing/index.js';
import { ODD_NAMES, withOddNames } from '../../support/odd-names.js';
import { runCli } from '../../support/run-cli.js';

describe('harbor-storage and the shape of tables', () => {
  let database: TestDatabase;
  let client: Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it('schema check: exit 0 where nothing differs', async () => {
    const all = await runCli(database.url, ['schema', 'check']);
    expect(all).toMatchObject({ exitCode: 0, stderr: '' });
    expect(all.stdout).toMatch(/^Nothing differs: .*submissions/);
    const one = await runCli(database.url, ['schema', 'check', 'submissions', '--json']);
    expect(JSON.parse(one.stdout)).toEqual({ ok: true, tables: ['submissions'], differences: [], otherTables: [] });
  });

  it('schema check: exit 3 with what differs, whether it breaks a load, and what mends it', async () => {
    await client.query('ALTER TABLE submissions DROP title, ADD note text');
    const found = await runCli(database.url, ['schema', 'check', 'submissions']);
    expect(found.exitCode).toBe(3);
    expect(found.stdout).toMatch(/submissions +title +column +text +no such column +yes\n/);
    expect(found.stdout).toMatch(/submissions +note +extra column +no such column +text +no\n/);
    expect(found.stdout).toContain('  ALTER TABLE "public"."submissions" ADD COLUMN "title" text\n');
    const json = await runCli(database.url, ['schema', 'check', '--json']);
    expect(json.exitCode).toBe(3);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      differences: [
        { table: 'submissions', column: 'title', kind: 'column', breaks: true },
        { table: 'submissions', column: 'note', kind: 'extra column', breaks: false },
      ],
    });
    const load = await runCli(
      database.url,
      ['load', '-', '--format', 'jsonl', '--into', 'submissions'],
      '{"submission_id":"a"}',
    );
    expect(load.exitCode).toBe(1);
    expect(load.stderr).toContain('column submissions.title: expected text, found no such column');
    expect(load.stderr).toContain('To mend it: ALTER TABLE "public"."submissions" ADD COLUMN "title" text');
    await client.query('ALTER TABLE submissions DROP note, ADD title text');
    expect(await runCli(database.url, ['schema', 'check'])).toMatchObject({ exitCode: 0 });
  });

  it('schema check: exit 3 on a database without the migrations, where other commands refuse to work', async () => {
    const empty = await createTestDatabase();
    try {
      const other = new Client({ connectionString: empty.url });
      await other.connect();
      await other.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
      await other.end();
      const found = await runCli(empty.url, ['schema', 'check']);
      expect(found.exitCode).toBe(3);
      expect(found.stdout).toContain('\nTo mend it:\n  npx harbor-storage migrate up\n');
      await runCli(empty.url, ['migrate', 'up']);
      expect(await runCli(empty.url, ['schema', 'check'])).toMatchObject({ exitCode: 0 });
    } finally {
      await empty.drop();
    }
  });

  it('schema check: exit 2 for a table there is not', async () => {
    const unknown = await runCli(database.url, ['schema', 'check', 'nope']);
    expect(unknown).toMatchObject({ exitCode: 2, stdout: '' });
    expect(unknown.stderr).toContain('no entity or table "nope"');
    expect(await runCli(database.url, ['schema', 'check', 'a', 'b'])).toMatchObject({ exitCode: 2 });
  });

  // One is written by parameters, the other by COPY.
  it.each([2, 400])('fields of odd names in %d lines of a file are captured by name, and listed', async (count) => {
    await client.query('TRUNCATE submissions');
    const lines = Array.from({ length: count }, (_, index) =>
      JSON.stringify(withOddNames({ submission_id: `t3_${index}` })),
    ).join('\n');
    const load = ['load', '-', '--format', 'jsonl', '--into', 'submissions'];
    const first = await runCli(database.url, [...load, '--json'], lines);
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    const { loadId, unknownFields, inserted } = JSON.parse(first.stdout);
    expect(inserted).toBe(count);
    expect(Object.keys(unknownFields)).toHaveLength(ODD_NAMES.length);
    const { rows } = await client.query<{ extra: object }>('SELECT DISTINCT extra FROM submissions');
    expect(rows).toHaveLength(1);
    expect(Object.entries(rows[0]?.extra ?? {}).sort()).toEqual(ODD_NAMES.map((name, index) => [name, index]).sort());

    const shown = await runCli(database.url, ['loads', 'show', loadId]);
    expect(shown.stdout).toMatch(/\nFields without a column, captured into extra: .*select \d+.*, and \d+ more\n/);
    expect(shown.stdout).not.toContain('[object');
    const again = await runCli(database.url, load, lines);
    expect(again.stdout).toContain('Nothing was written');
    expect(again.stdout).toContain('Fields without a column, captured into extra: ');
  });
});
