import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';

import { StorageModule } from '../../src/index.js';
import { migrateUp } from '../../src/schema/migrations/migrations.js';
import { createTestDatabase, type TestDatabase } from '../../src/testing/index.js';
import { startStorageAppAt } from '../support/app/storage-app.js';
import { queryValue } from '../support/processes/embedded-processes.js';

describe('a database that is not in UTF8', () => {
  let server: TestDatabase;
  beforeAll(async () => {
    server = await createTestDatabase();
  });
  afterAll(() => server.drop());

  /** Runs `work` on a database of this encoding with the migrations applied. */
  const withEncoding = async (encoding: string, work: (url: string) => Promise<void>): Promise<void> => {
    const name = `${new URL(server.url).pathname.slice(1)}_${encoding.toLowerCase()}`;
    const { url } = server;
    await queryValue(
      url,
      `CREATE DATABASE ${name} ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    );
    try {
      const own = Object.assign(new URL(url), { pathname: `/${name}` }).href;
      await migrateUp({ url: own });
      await work(own);
    } finally {
      await queryValue(url, `DROP DATABASE ${name} WITH (FORCE)`);
    }
  };

  it.each([3, 300])('rejects a record with a character it has not, and no other: one of %d', (count) =>
    withEncoding('LATIN1', async (url) => {
      const app = await startStorageAppAt(url);
      const records = Array.from({ length: count }, (_, id) => ({ submission_id: `s${id}`, title: 'é', field: 'ü' }));
      const result = await app.profiles
        .untyped()
        .store([
          { submission_id: 'bad', title: '☃' },
          { submission_id: '☃' },
          { submission_id: 'x', mood: '☃' },
          ...records,
        ]);
      expect(result).toMatchObject({ inserted: count, rejected: 3 });
      expect(result.rejects.map(({ position, reason, column }) => [position, reason, column])).toEqual([
        [0, '22P05', 'title'],
        [1, '22P05', 'submission_id'],
        // One of the fields that no column knows.
        [2, '22P05', undefined],
      ]);
      expect(await app.rows('SELECT DISTINCT title, extra FROM submissions')).toEqual([
        { title: 'é', extra: { field: 'ü' } },
      ]);
      expect(await app.rows('SELECT DISTINCT record_key FROM storage_rejected_records ORDER BY 1')).toEqual([
        { record_key: String.raw`\u2603` },
        { record_key: 'bad' },
        { record_key: 'x' },
      ]);
      await app.close();
    }),
  );

  it('warns of SQL_ASCII, which does not check what bytes mean', () =>
    withEncoding('SQL_ASCII', async (url) => {
      const warnings: string[] = [];
      const logger = { log() {}, error() {}, warn: (message: string) => warnings.push(message) };
      const module = await Test.createTestingModule({ imports: [StorageModule.forRoot({ url })] })
        .setLogger(logger)
        .compile();
      expect(warnings).toEqual([expect.stringContaining('SQL_ASCII')]);
      await module.close();
    }));
});
