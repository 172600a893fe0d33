import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';

import { LoadFailedError, StorageModule } from '../../../../src/index.js';
import { withLoginRole } from '../../../support/database/login-role.js';
import { initStorageApp, startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

describe('a role that row level security hides rows from', () => {
  let owner: StorageApp;
  beforeAll(async () => {
    owner = await startStorageApp();
    await owner.opportunities.store([
      { submission_id: 'a', problem_description: 'p', subreddit: 'mine' },
      { submission_id: 'b', problem_description: 'p', subreddit: 'yours' },
    ]);
  });
  afterAll(() => owner.close());

  it('is told which table of the history denies it, and what to grant', async () => {
    await withLoginRole(owner, async (url, role) => {
      for (const table of ['submissions', 'storage_migrations']) {
        await owner.rows(`CREATE POLICY all_of_it ON ${table} TO ${role} USING (true)`);
      }
      const module = await Test.createTestingModule({ imports: [StorageModule.forRoot({ url })] }).compile();
      const app = await initStorageApp(module);
      try {
        for (const loadKey of [undefined, 'k']) {
          await expect(app.profiles.store([{ submission_id: 'c' }], { loadKey })).rejects.toThrow(
            /table "storage_loads" \[42501\]\. To fix: connect as the owner of the tables, or grant the role SELECT/,
          );
        }
      } finally {
        await app.close();
      }
    });
  });

  it('cannot replace: the load fails, and every row stays', async () => {
    await withLoginRole(owner, async (url, role) => {
      const tables = [
        'submissions',
        'storage_loads',
        'storage_load_batches',
        'storage_rejected_records',
        'storage_migrations',
      ];
      for (const table of tables) {
        await owner.rows(`CREATE POLICY all_of_it ON ${table} TO ${role} USING (true)`);
      }
      await owner.rows(`CREATE POLICY mine ON app_opportunities TO ${role} USING (subreddit = 'mine')`);
      const module = await Test.createTestingModule({ imports: [StorageModule.forRoot({ url })] }).compile();
      const app = await initStorageApp(module);
      try {
        const record = { submission_id: 'c', problem_description: 'p', subreddit: 'mine' };
        expect(await app.opportunities.store([record])).toMatchObject({ inserted: 1 });
        const replace = app.opportunities.store([{ ...record, submission_id: 'd' }], { disposition: 'replace' });
        const error: unknown = await replace.catch((failure: unknown) => failure);
        expect(error).toBeInstanceOf(LoadFailedError);
        expect(error).toMatchObject({ cause: { code: '42501' }, result: { received: 1, failed: 1, ok: false } });
        expect(
          (await owner.rows('SELECT submission_id AS id FROM app_opportunities ORDER BY 1')).map(({ id }) => id),
        ).toEqual(['a', 'b', 'c']);
      } finally {
        await app.close();
      }
    });
  });
});
