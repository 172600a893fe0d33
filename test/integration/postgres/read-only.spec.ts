import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { createTestDatabase, type TestDatabase } from '../../../src/testing/test-postgres.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { type StorageApp, startStorageAppAt } from '../../support/app/storage-app.js';
import { describeDirect } from '../../support/needs/needs.js';

const POOL = 8;
const records = (count: number) => Array.from({ length: count }, (_, index) => ({ submission_id: `t3_${index}` }));

/** PgBouncer keeps its own sessions on the server, whatever its clients do. */
const describeSessions = describeDirect('sessions of the pool');

describeSessions('sessions that take no writes', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  /** As after a failover: the sessions that are open lead to a server that is no primary any more. */
  describe('in the pool, though new ones do', () => {
    let app: StorageApp;
    beforeAll(async () => {
      app = await startStorageAppAt(database.url, { poolSize: POOL, loader: { maxAttempts: 1 } });
      // Reading the schema would meet them before the load does.
      await app.hybrid.store(records(1));
    });
    afterAll(() => app.close());
    beforeEach(async () => {
      await emptyTables(app);
      const all = Array.from({ length: POOL }, () => app.dataSource.createQueryRunner());
      await Promise.all(all.map((runner) => runner.query('SET default_transaction_read_only = on')));
      await Promise.all(all.map((runner) => runner.release()));
    });

    it.each<[string, (one: StorageApp) => Promise<{ readonly retries: number; readonly ok: boolean }>]>([
      ['one statement', ({ profiles }) => profiles.store(records(3))],
      ['a transaction', ({ profiles }) => profiles.store(records(300))],
      ['hybrid batches', ({ hybrid }) => hybrid.storeBatch(records(300), { batchSize: 100 })],
      ['batches with a load key', ({ profiles }) => profiles.storeBatch(records(300), { loadKey: 'k' })],
      ['a replace', ({ profiles }) => profiles.store(records(300), { disposition: 'replace' })],
    ])('cost %s one retry, however many there are, and no attempt', async (_, load) => {
      expect(await load(app)).toMatchObject({ ok: true, retries: 1 });
    });
  });

  describe('on purpose', () => {
    const MESSAGE =
      /read-only; check that this is the primary, and that default_transaction_read_only is off \[25006\]/;

    it('end a load within its time, with an error that says what to do', async () => {
      const readOnly = `${database.url}?options=-c%20default_transaction_read_only%3Don`;
      const app = await startStorageAppAt(readOnly, { loader: { maxRetryMs: 200 } });
      for (const count of [3, 300]) {
        await expect(app.profiles.store(records(count))).rejects.toThrow(MESSAGE);
        await expect(app.profiles.storeBatch(records(count), { loadKey: 'k' })).rejects.toThrow(MESSAGE);
      }
      await app.close();
    });
  });
});
