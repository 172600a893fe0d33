import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';

import { QuarantineService, StorageModule } from '../../../../src/index.js';
import { initStorageApp, startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { withLoginRole } from '../../../support/database/login-role.js';
import { sized } from '../../../support/sizes/sizes.js';

const COUNT = sized(450, 5000);
const some = (change: (id: number) => object = () => ({})) =>
  Array.from({ length: COUNT }, (_, id) => ({ submission_id: `s${id}`, title: `title ${id}`, ...change(id) }));

describe('a role without TEMPORARY on the database', () => {
  let app: StorageApp;
  let database: string;
  beforeAll(async () => {
    app = await startStorageApp();
    const [row] = await app.rows<{ name: string }>('SELECT quote_ident(current_database()) AS name');
    database = String(row?.name);
    await app.rows(`REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC`);
    await app.rows('ALTER TABLE submissions ADD CONSTRAINT short CHECK (length(title) < 20)');
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('TRUNCATE submissions'));

  const limited = (work: (limitedApp: StorageApp, role: string) => Promise<void>): Promise<void> =>
    withLoginRole(app, async (url, role) => {
      await app.rows(`ALTER ROLE ${role} BYPASSRLS`);
      const module = await Test.createTestingModule({ imports: [StorageModule.forRoot({ url })] }).compile();
      const storage = await initStorageApp(module);
      try {
        await work(storage, role);
      } finally {
        await storage.close();
      }
    });

  it('merges and appends any number of records, and only bad ones are rejected', () =>
    limited(async ({ profiles }) => {
      const bad = some((id) => (id % 300 === 7 ? { title: 'x'.repeat(30) } : {}));
      const rejected = bad.filter(({ title }) => title.length > 20).length;
      expect(await profiles.store(bad)).toMatchObject({ inserted: COUNT - rejected, rejected });
      expect(await profiles.store(some())).toMatchObject({ inserted: rejected, unchanged: COUNT - rejected });
      expect(await profiles.store(some((id) => (id < 250 ? { title: 'new' } : {})))).toMatchObject({
        updated: 250,
        unchanged: COUNT - 250,
      });
      await app.rows('TRUNCATE submissions');
      expect(await profiles.storeBatch(some(), { disposition: 'append', batchSize: 400 })).toMatchObject({
        inserted: COUNT,
      });
      expect(await app.count('submissions')).toBe(COUNT);
    }));

  it("joins a caller's transaction", () =>
    limited(async ({ dataSource, profiles }) => {
      await dataSource.transaction(async (manager) => {
        const joined = profiles.withManager(manager);
        expect(await joined.storeBatch(some(), { batchSize: 300 })).toMatchObject({ inserted: COUNT });
        expect(await joined.store([{ submission_id: 'bad', title: 'x'.repeat(30) }, ...some()])).toMatchObject({
          rejected: 1,
          unchanged: COUNT,
        });
      });
      expect(await app.count('submissions')).toBe(COUNT);
    }));

  it('is told the GRANT before a replace begins, and can replace after it', () =>
    limited(async ({ module, profiles }, role) => {
      await profiles.store([{ submission_id: 'bad', title: 'x'.repeat(30) }]);
      const replacing = () => profiles.store(some(), { disposition: 'replace' });
      const before = await app.count('storage_loads');
      await expect(replacing()).rejects.toMatchObject({
        code: 'TEMPORARY_TABLES_DENIED',
        message: expect.stringContaining(`GRANT TEMPORARY ON DATABASE ${database} TO ${role}`),
      });
      expect(await app.count('storage_loads')).toBe(before);
      await app.rows(`GRANT UPDATE, DELETE ON storage_rejected_records TO ${role}`);
      await expect(module.get(QuarantineService).replay()).rejects.toMatchObject({ code: 'TEMPORARY_TABLES_DENIED' });
      await app.rows(`GRANT TEMPORARY ON DATABASE ${database} TO ${role}`);
      await app.rows(`GRANT DELETE ON submissions TO ${role}`);
      expect(await replacing()).toMatchObject({ inserted: COUNT });
    }));
});
