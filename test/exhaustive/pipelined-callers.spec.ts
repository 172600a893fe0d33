import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { startStorageApp, type StorageApp } from '../support/app/storage-app.js';

const STORES = 1_000;
const CALLERS = 50;
const KEYS = 300;

let app: StorageApp;
beforeAll(async () => {
  app = await startStorageApp();
});
afterAll(() => app.close());

it('1,000 stores of one record by 50 callers at once, with keys in common: nothing is lost, and the counts are exact', async () => {
  let next = 0;
  const sum = { received: 0, inserted: 0, updated: 0, unchanged: 0, rejected: 0, failed: 0 };
  const call = async (): Promise<void> => {
    for (let n = next++; n < STORES; n = next++) {
      const result = await app.profiles.store([{ submission_id: `t3_${n % KEYS}`, title: `title ${n}` }]);
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += result[name];
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, call));
  expect(sum).toMatchObject({ received: STORES, inserted: KEYS, rejected: 0, failed: 0 });
  expect(sum.inserted + sum.updated + sum.unchanged).toBe(STORES);
  expect(await app.count('submissions')).toBe(KEYS);
  const totals = await app.stats.totals();
  expect(totals['submissions']).toMatchObject(sum);
  expect(app.stats.forTable('submissions')).toMatchObject(sum);
}, 120_000);
