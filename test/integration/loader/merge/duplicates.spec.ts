import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { emptyTables, quarantined } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

describe('several records of one load with the same key', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
    await app.rows('ALTER TABLE app_opportunities ADD CONSTRAINT sure CHECK (confidence <= 1)');
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const record = (fields: object) => ({ submission_id: 'a', problem_description: 'p', ...fields });
  const stored = async () => (await app.rows('SELECT title, app_name, status, confidence FROM app_opportunities'))[0];

  it('are applied field by field in input order', async () => {
    const records = [
      record({ title: '1', app_name: '1' }),
      record({ title: '2', status: 'x' }),
      record({ app_name: null }),
    ];
    expect(await app.opportunities.store(records)).toMatchObject({ received: 3, inserted: 1, duplicates: 2 });
    expect(await stored()).toMatchObject({ title: '2', app_name: null, status: 'x' });
  });

  it.each([0, 1, 2])('lose only the one that is rejected, wherever it stands: %d', async (place) => {
    const good = [record({ title: 't' }), record({ app_name: 'n' })];
    const records = good.toSpliced(place, 0, record({ confidence: 2 }));
    const result = await app.opportunities.store(records);

    expect((await quarantined(app, result.loadId)).map(({ position }) => position)).toEqual([place]);
    expect(await stored()).toMatchObject({ title: 't', app_name: 'n', confidence: null });
    expect(result).toMatchObject({ received: 3, inserted: 1, updated: 0, unchanged: 0, duplicates: 1, rejected: 1 });
  });

  it('are one in the count of their table, and one hybrid record stored', async () => {
    const records = [record({ selftext: 's' }), { submission_id: 'a', title: 't' }, record({ status: 'x' })];
    expect(await app.hybrid.store(records)).toMatchObject({
      received: 3,
      stored: 1,
      duplicates: 2,
      opportunities: { inserted: 1, duplicates: 1, skipped: 1 },
      submissions: { inserted: 1, duplicates: 2, skipped: 0 },
    });
  });

  it('are the same whether in one batch or in many', async () => {
    const records = Array.from({ length: 30 }, (_, index) =>
      record({ [['title', 'status'][index % 2] as string]: `${index}` }),
    );
    for (const batchSize of [1, 7, 1000]) {
      await app.opportunities.storeBatch(records, { batchSize });
      expect(await stored()).toMatchObject({ title: '28', status: '29' });
      await emptyTables(app);
    }
  });
});
