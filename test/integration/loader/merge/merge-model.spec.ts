import { isDeepStrictEqual } from 'node:util';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { Disposition } from '../../../../src/index.js';
import {
  mergeIntoModel,
  MODEL_COLUMNS,
  type ModelRow,
  type PartialOpportunity,
  partialOpportunity,
} from '../../../support/records/merge-model.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

describe('a table after any partial merges', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const stored = async (): Promise<Map<unknown, ModelRow>> => {
    const rows = await app.rows(`SELECT submission_id, ${MODEL_COLUMNS.join(', ')} FROM app_opportunities`);
    return new Map(rows.map(({ submission_id, ...row }) => [submission_id, row]));
  };

  it('is what a small model says: absent keeps, null erases, preserved stays, fallback fields fill, extra grows', async () => {
    const load = fc.tuple(
      fc.constantFrom('merge', 'merge', 'insert', 'update', 'merge and delete', 'update and delete'),
      fc.array(fc.tuple(partialOpportunity, fc.constantFrom(false, false, true)), { minLength: 1, maxLength: 12 }),
    );
    const loads = fc.array(load, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(loads, fc.integer({ min: 1, max: 12 }), async (inputs, batchSize) => {
        await emptyTables(app);
        const model = new Map<unknown, ModelRow>();
        for (const [index, [way, marked]] of inputs.entries()) {
          const [disposition, deletes] = way.split(' and ') as [Disposition, string?];
          const deleteWhen = deletes === undefined ? undefined : 'gone';
          const input = marked.map(([item, gone]) => ({ ...item, gone: gone && deleteWhen !== undefined }));
          const records = input.map(({ record, gone }) => (gone ? { ...record, gone } : record));
          const options = {
            disposition,
            deleteWhen,
            ...(index % 2 === 0 ? { batchSize: 1000 } : { batchSize }),
          } as const;
          const before = new Map(model);
          const result = await app.opportunities.storeBatch(records, options);
          const byOne = { inserted: 0, updated: 0, unchanged: 0, deleted: 0, duplicates: 0, skipped: 0 };
          for (const item of input) {
            byOne[applyToModel(model, disposition, item)] += 1;
          }

          expect(await stored()).toEqual(model);
          expect(result).toMatchObject({ ok: true, received: input.length });
          // Between batches rows meet their own earlier versions, so the counts depend on where they were cut.
          const keys = [...new Set(input.map(({ columns }) => columns.key))];
          const inserted = keys.filter((key) => !before.has(key)).length;
          const unchanged = keys.filter(
            (key) => before.has(key) && isDeepStrictEqual(before.get(key), model.get(key)),
          ).length;
          const updated = keys.length - inserted - unchanged;
          const counts = { inserted, updated, unchanged, duplicates: input.length - keys.length, skipped: 0 };
          const { deleted, skipped } = byOne;
          const alone = deleteWhen === undefined ? counts : { deleted, skipped };
          expect(result).toMatchObject(disposition === 'update' ? byOne : result.batches === 1 ? alone : { deleted });
        }
      }),
      propertyRuns(60),
    );
  });

  /** Returns what the record counts as, alone. */
  function applyToModel(
    model: Map<unknown, ModelRow>,
    disposition: string,
    item: PartialOpportunity & { readonly gone: boolean },
  ) {
    const { key } = item.columns;
    const row = model.get(key);
    if (item.gone) {
      return model.delete(key) ? 'deleted' : 'skipped';
    }
    if (row === undefined ? disposition === 'update' : disposition === 'insert') {
      return row === undefined ? 'skipped' : 'unchanged';
    }
    const merged = mergeIntoModel(row, item);
    model.set(key, merged);
    return row === undefined ? 'inserted' : isDeepStrictEqual(row, merged) ? 'unchanged' : 'updated';
  }

  it('does not depend on where the batches are cut', async () => {
    const input = fc.array(partialOpportunity, { minLength: 2, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(input, async (items) => {
        const records = items.map(({ record }) => record);
        await emptyTables(app);
        await app.opportunities.store(records);
        const together = await stored();
        await emptyTables(app);
        await app.opportunities.storeBatch(records, { batchSize: 1 });
        expect(await stored()).toEqual(together);
      }),
      propertyRuns(15),
    );
  });
});

describe('reddit_id', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const redditId = async () => (await app.rows('SELECT reddit_id FROM submissions'))[0]?.['reddit_id'];

  it('falls back to the submission id on insert, and only fills: a stored one is never replaced by the fallback', async () => {
    await app.profiles.store([{ submission_id: 'a' }]);
    expect(await redditId()).toBe('a');
    await app.profiles.store([{ submission_id: 'a', reddit_id: 'r' }]);
    expect(await redditId()).toBe('r');
    await app.profiles.store([{ submission_id: 'a', title: 't' }]);
    expect(await redditId()).toBe('r');
    await app.profiles.store([{ submission_id: 'a', reddit_id: null, title: 'u' }]);
    expect(await redditId()).toBe('r');
  });

  it('stands in for the submission id', async () => {
    await app.profiles.store([{ reddit_id: 'r', title: 't' }]);
    await app.profiles.store([{ submissionId: null, redditId: 'r', title: 'u' }]);
    expect(await app.rows('SELECT submission_id, reddit_id, title FROM submissions')).toEqual([
      { submission_id: 'r', reddit_id: 'r', title: 'u' },
    ]);
  });
});
