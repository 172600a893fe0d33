import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { errorOf } from '../../../support/parity/faults.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('moods')
class Mood {
  @PrimaryColumn('text')
  id: string;

  @Column('enum', { enum: ['good', 'bad'], enumName: 'mood' })
  mood: string;
}

describe('a batch with a statement for an old version of its table', () => {
  let app: StorageApp;
  beforeEach(async () => {
    app = await startAppWith([Mood], { loader: { parallelism: 1 } });
    await app.rows(`CREATE TYPE temper AS ENUM ('good', 'bad')`);
  });
  afterEach(() => app.close());

  const moods = (count: number): object[] =>
    Array.from({ length: count }, (_, index) => ({ id: `${index}`, mood: 'bad' }));
  const CHANGE = 'ALTER TABLE moods ALTER mood TYPE temper USING mood::text::temper';

  it('is written with a new plan if the table still matches', async () => {
    async function* source(): AsyncGenerator<object> {
      yield* moods(10);
      await app.rows(CHANGE);
      yield* moods(30).slice(10);
    }
    const result = await app.loader.loadBatch(Mood, source(), { batchSize: 10 });
    expect(result).toMatchObject({ ok: true, inserted: 30, batches: 3, failedBatches: 0 });
    expect(await app.rows('SELECT DISTINCT mood, pg_typeof(mood)::text AS type FROM moods')).toEqual([
      { mood: 'bad', type: 'temper' },
    ]);
  });

  it('is written in a replace if its records can be read again', async () => {
    await app.loader.load(Mood, moods(3));
    let changed = false;
    const records = Object.assign(moods(5), {
      async *[Symbol.asyncIterator](): AsyncGenerator<object> {
        if (!changed) {
          changed = true;
          await app.rows(CHANGE);
        }
        yield* moods(5);
      },
    });
    const result = await app.loader.loadBatch(Mood, records, { disposition: 'replace' });
    expect(result).toMatchObject({ ok: true, received: 5, inserted: 2, unchanged: 3 });
    expect(await app.count('moods')).toBe(5);
  });

  it('fails a replace if its records cannot, and leaves the table unchanged; the next one works', async () => {
    await app.loader.load(Mood, moods(3));
    async function* source(): AsyncGenerator<object> {
      await app.rows(CHANGE);
      yield* moods(5);
    }
    const error = await errorOf(app.loader.loadBatch(Mood, source(), { disposition: 'replace' }));
    expect(error).toMatchObject({
      name: 'SchemaMismatchError',
      differences: [{ table: 'moods', kind: 'table', actual: 'altered while the load ran' }],
    });
    expect(await app.count('moods')).toBe(3);
    expect(await app.loader.loadBatch(Mood, moods(5), { disposition: 'replace' })).toMatchObject({ inserted: 2 });
  });
});
