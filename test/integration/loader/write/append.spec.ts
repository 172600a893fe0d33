import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { startAppWith } from '../../../support/entities/own-entities.js';
import { quarantined } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('events')
class SomeEvent {
  @PrimaryColumn('uuid', { default: () => 'gen_random_uuid()' })
  id: string;

  @Column('text', { nullable: true })
  kind: string | null;
}

describe('append', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([SomeEvent]);
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('TRUNCATE app_opportunities, events'));

  const opportunity = (id: string, title: string) => ({ submission_id: id, problem_description: 'p', title });

  it('rejects a key that exists as 23505, leaves its row alone and inserts the rest', async () => {
    await app.opportunities.store([opportunity('a', 'old')]);
    const records = [opportunity('b', 'b'), opportunity('a', 'new'), opportunity('c', 'c')];
    const result = await app.opportunities.store(records, { disposition: 'append' });

    expect(result).toMatchObject({ received: 3, inserted: 2, rejected: 1, updated: 0, unchanged: 0, ok: false });
    expect(await quarantined(app, result.loadId)).toMatchObject([{ reason: '23505', position: 1, key: 'a' }]);
    expect(await app.rows('SELECT submission_id, title FROM app_opportunities ORDER BY 1')).toEqual([
      { submission_id: 'a', title: 'old' },
      { submission_id: 'b', title: 'b' },
      { submission_id: 'c', title: 'c' },
    ]);
  });

  it.each([1, 2, 1000])('rejects the second of two with one key, in batches of %d', async (batchSize) => {
    const records = [opportunity('a', 'first'), opportunity('a', 'second'), opportunity('b', 'b')];
    const result = await app.opportunities.storeBatch(records, { disposition: 'append', batchSize });

    expect(result).toMatchObject({ inserted: 2, rejected: 1, duplicates: 0 });
    expect(await quarantined(app, result.loadId)).toMatchObject([{ reason: '23505', position: 1 }]);
    expect(await app.rows(`SELECT title FROM app_opportunities WHERE submission_id = 'a'`)).toEqual([
      { title: 'first' },
    ]);
  });

  it('lets the database make the key', async () => {
    const result = await app.loader.load(SomeEvent, [{ kind: 'a' }, { kind: 'a' }], { disposition: 'append' });
    expect(result).toMatchObject({ inserted: 2, duplicates: 0 });
    expect(await app.count('events')).toBe(2);
  });

  it('rejects a record that carries nothing', async () => {
    const result = await app.loader.load(SomeEvent, [{}, { kind: null }, { kind: 'a' }], { disposition: 'append' });
    expect(result).toMatchObject({ inserted: 1, rejected: 2 });
    expect(result.rejects.map(({ reason }) => reason)).toEqual(['empty_record', 'empty_record']);
  });
});
