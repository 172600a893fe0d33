import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { Client } from 'pg';

import { StorageModule, type StorageRootOptions } from '../../../src/index.js';
import { withDatabase } from '../../support/database/databases.js';
import { queryValue } from '../../support/processes/embedded-processes.js';
import { untilLockIsAwaited } from '../../support/database/lock-waits.js';
import { initStorageApp, type StorageApp } from '../../support/app/storage-app.js';

async function withApp(options: StorageRootOptions, work: (app: StorageApp) => Promise<void>): Promise<void> {
  const app = await initStorageApp(
    await Test.createTestingModule({ imports: [StorageModule.forRoot(options)] }).compile(),
  );
  try {
    await work(app);
  } finally {
    await app.close();
  }
}

const records = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ submission_id: `${prefix}${index}`, title: prefix }));

describe('the connections of the module', () => {
  it('load by COPY within statement_timeout, and wait without one if statementTimeoutMs is 0', () =>
    withDatabase(async (url) => {
      for (const [prefix, statementTimeoutMs] of [
        ['bounded', 60_000],
        ['unbounded', 0],
      ] as const) {
        await withApp({ url, loader: { statementTimeoutMs } }, async (app) => {
          expect(await app.profiles.store(records(prefix, 2000))).toMatchObject({ inserted: 2000, ok: true });
        });
      }
    }));

  it('work at READ COMMITTED whatever the default of the database: of two replaces one complete set wins', () =>
    withDatabase(async (url) => {
      const database = new URL(url).pathname.slice(1);
      await queryValue(url, `ALTER DATABASE "${database}" SET default_transaction_isolation = 'repeatable read'`);
      await withApp({ url }, async (app) => {
        const blocker = new Client({ connectionString: url });
        await blocker.connect();
        await blocker.query('BEGIN; LOCK TABLE submissions IN ROW EXCLUSIVE MODE');
        const replaces = ['x', 'y'].map((prefix) => app.profiles.store(records(prefix, 3), { disposition: 'replace' }));
        try {
          await untilLockIsAwaited(app.rows, 2);
        } finally {
          await blocker.query('COMMIT');
          await blocker.end();
        }
        expect((await Promise.all(replaces)).map(({ inserted }) => inserted)).toEqual([3, 3]);
        expect(await app.rows('SELECT DISTINCT title FROM submissions')).toHaveLength(1);
        expect(await app.count('submissions')).toBe(3);
      });
    }));
});
