import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { type FieldPromotion, SchemaService } from '../../../../src/index.js';
import { hashOf, insertExtras, promotionOf, runDown, runUp } from '../../../support/entities/promotion.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

let app: StorageApp;
beforeAll(async () => {
  app = await startStorageApp();
  jest.spyOn(app.dataSource.logger, 'logMigration').mockImplementation(() => {});
  await app.rows('CREATE TABLE blank (LIKE submissions INCLUDING ALL)');
});
afterAll(() => app.close());
afterEach(() => app.rows('DROP TABLE submissions; CREATE TABLE submissions (LIKE blank INCLUDING ALL)'));

const promotion = (...fields: FieldPromotion['fields']): FieldPromotion => ({
  table: 'submissions',
  extra: 'extra',
  fields,
});
const extras = async () =>
  (await app.rows('SELECT extra FROM submissions ORDER BY submission_id')).map(({ extra }) => extra);

describe('captured values next to a column value', () => {
  it('replace the column value if they fit, because they were captured later', async () => {
    await insertExtras(app, ['{"n":1}', '{"n":1}', '{"n":1}', '{"n":1}']);
    const change = promotion({ field: 'n', column: 'n', type: 'bigint' });
    await runUp(app, change);
    await app.rows(
      `UPDATE submissions SET extra = CASE submission_id WHEN 'r1' THEN '{"n":2}' WHEN 'r2' THEN '{"n":null}'
                                                         WHEN 'r3' THEN '{"n":"x"}' END::jsonb`,
    );
    const late = await hashOf(app);
    expect(await runUp(app, change)).toEqual([{ field: 'n', unfitting: 1, beside: 1, late: 0 }]);
    expect(await app.rows('SELECT n, extra FROM submissions ORDER BY submission_id')).toEqual([
      { n: '2', extra: null },
      { n: '1', extra: { n: null } },
      { n: '1', extra: { n: 'x' } },
      { n: '1', extra: null },
    ]);
    expect(await hashOf(app)).not.toBe(late);
    await runDown(app, change);
    expect(await extras()).toEqual([{ n: 2 }, { n: 1 }, { n: 1 }, { n: 1 }]);
  });

  it('replace no column value written later by other means, in up and down', async () => {
    await insertExtras(app, ['{"n":null,"m":1}', '{"n":"x"}', '{"n":3}', '{"n":null}', '{"n":"x"}']);
    const change = promotion({ field: 'n', column: 'n', type: 'bigint' });
    await runUp(app, change);
    await app.rows(`UPDATE submissions SET n = 7 WHERE submission_id IN ('r1', 'r2', 'r3')`);
    const [first, second] = [{ m: 1, n: null }, { n: 'x' }];
    expect(await runUp(app, change)).toEqual([{ field: 'n', unfitting: 2, beside: 1, late: 0 }]);
    expect(await app.rows('SELECT n, extra FROM submissions ORDER BY submission_id')).toEqual([
      { n: '7', extra: first },
      { n: '7', extra: second },
      { n: '7', extra: null },
      { n: null, extra: { n: null } },
      { n: null, extra: { n: 'x' } },
    ]);
    await app.rows(`UPDATE submissions SET extra = '{"n":8}' WHERE submission_id = 'r3'`);
    await runDown(app, change);
    expect(await extras()).toEqual([{ m: 1, n: 7 }, { n: 7 }, { n: 8 }, { n: null }, { n: 'x' }]);
  });

  it('leave a NOT NULL column unchanged where a null was captured', async () => {
    await app.rows('ALTER TABLE submissions ADD n bigint NOT NULL DEFAULT 5');
    await insertExtras(app, ['{"n":null}', '{"n":1}']);
    const change = promotionOf(await app.module.get(SchemaService).propose('submissions', { minShare: 0 }));
    expect(change.fields).toMatchObject([{ field: 'n', column: 'n', existing: 'captured' }]);
    expect(await runUp(app, change)).toEqual([{ field: 'n', unfitting: 0, beside: 1, late: 0 }]);
    expect(await app.rows('SELECT n, extra FROM submissions ORDER BY submission_id')).toEqual([
      { n: '5', extra: { n: null } },
      { n: '1', extra: null },
    ]);
    await runDown(app, change);
  });

  it('fill only an empty column if it is unknown which value is newer', async () => {
    await insertExtras(app, ['{"title":"a"}', '{"title":"b"}', '{"title":"c"}']);
    await app.rows(`UPDATE submissions SET title = 'b' WHERE submission_id <> 'r1'`);
    const change = promotion({ field: 'title', column: 'title', type: 'text', existing: 'filled' });
    expect(await runUp(app, change)).toEqual([{ field: 'title', unfitting: 0, beside: 1, late: 0 }]);
    expect(await app.rows('SELECT title, extra FROM submissions ORDER BY submission_id')).toEqual([
      { title: 'a', extra: null },
      { title: 'b', extra: null },
      { title: 'b', extra: { title: 'c' } },
    ]);
    await runDown(app, change);
  });

  it('are removed from extra if an older version captured the same value again', async () => {
    await insertExtras(app, ['{"n":1}']);
    const change = promotion({ field: 'n', column: 'n', type: 'bigint' });
    await runUp(app, change);
    await app.rows(`UPDATE submissions SET extra = '{"n":1,"m":2}'`);
    await runUp(app, change);
    expect(await app.rows('SELECT n, extra FROM submissions')).toEqual([{ n: '1', extra: { m: 2 } }]);
    await runDown(app, change);
  });
});
