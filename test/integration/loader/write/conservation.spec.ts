import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { type HybridResult, LoadFailedError, type LoadResult } from '../../../../src/index.js';
import { anyRecords, guardTables, recordsAndDeletions } from '../../../support/records/any-records.js';
import { quarantined } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

const COLUMNS = ['inserted', 'updated', 'unchanged', 'deleted', 'duplicates', 'skipped', 'rejected', 'failed'] as const;
type Counts = Record<(typeof COLUMNS)[number] | 'received', number>;

const sumOf = (counts: Counts): number => COLUMNS.reduce((sum, name) => sum + counts[name], 0);
const countsOf = (source: object): Counts =>
  Object.fromEntries(
    [...COLUMNS, 'received' as const].map((name) => [name, Number(Reflect.get(source, name))]),
  ) as Counts;

/** A load's result, also when the load failed: the error carries it. */
async function resultOf<T extends object>(load: Promise<T>): Promise<T> {
  try {
    return await load;
  } catch (error) {
    if (!(error instanceof LoadFailedError)) throw error;
    return error.result as T;
  }
}

// A batch that would be tried again could not be told from one that was given up.
const OPTIONS = { loader: { maxAttempts: 1 } };

describe('every record that goes in comes out in exactly one count', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp(OPTIONS);
    await guardTables(app);
  });
  afterAll(() => app.close());

  const difference = (after: Counts, before: Counts): Counts =>
    Object.fromEntries(
      Object.keys(before).map((name) => [name, after[name as 'failed'] - before[name as 'failed']]),
    ) as Counts;

  async function checkLedger(result: { loadId: string }, expected: object): Promise<void> {
    const [row] = await app.rows('SELECT * FROM storage_loads WHERE id = $1', [result.loadId]);
    expect(countsOf(row ?? {})).toEqual(expected);
  }

  async function checkEntityLoad(load: () => Promise<LoadResult>, replaces: boolean): Promise<void> {
    const statsBefore = countsOf(app.stats.forTable('app_opportunities'));
    const rowsBefore = await app.count('app_opportunities');
    const result = await resultOf(load());
    const rowsAfter = await app.count('app_opportunities');
    const counts = countsOf(result);

    expect(counts.received).toBe(sumOf(counts));
    await checkLedger(result, counts);
    expect(difference(countsOf(app.stats.forTable('app_opportunities')), statsBefore)).toEqual(counts);
    expect(await quarantined(app, result.loadId)).toHaveLength(counts.rejected);
    expect(result.ok).toBe(counts.rejected === 0 && counts.failed === 0);
    expect(rowsAfter).toBe(
      replaces && counts.failed === 0
        ? counts.inserted + counts.updated + counts.unchanged
        : rowsBefore + counts.inserted - counts.deleted,
    );
  }

  describe.each(['merge', 'insert', 'update', 'append', 'replace'] as const)('%s', (disposition) => {
    const limits = disposition === 'replace' ? { allowEmpty: true, maxRejects: 1000 } : {};
    const deletion = disposition === 'merge' || disposition === 'update' ? { deleteWhen: 'gone' } : {};

    it('by load', async () => {
      expect.hasAssertions();
      await fc.assert(
        fc.asyncProperty(recordsAndDeletions, fc.boolean(), async (records, deletes) => {
          fc.pre(records.length > 0);
          await checkEntityLoad(
            () => app.opportunities.store(records, { disposition, ...limits, ...(deletes && deletion) }),
            disposition === 'replace',
          );
        }),
        propertyRuns(20),
      );
    });

    it('by loadBatch', async () => {
      expect.hasAssertions();
      await fc.assert(
        fc.asyncProperty(recordsAndDeletions, fc.integer({ min: 0, max: 12 }), async (records, size) => {
          fc.pre(records.length > 0);
          const options = {
            disposition,
            batchSize: Math.ceil((size + 1) / 2),
            ...limits,
            ...(size % 2 === 0 && deletion),
          };
          await checkEntityLoad(() => app.opportunities.storeBatch(records, options), disposition === 'replace');
        }),
        propertyRuns(20),
      );
    });
  });

  async function checkHybridLoad(load: () => Promise<HybridResult>): Promise<void> {
    const tables = ['app_opportunities', 'submissions'] as const;
    const rowsBefore = await Promise.all(tables.map((table) => app.count(table)));
    const statsBefore = tables.map((table) => countsOf(app.stats.forTable(table)));
    const result = await resultOf(load());
    const { received, stored, duplicates, skipped, rejected, failed } = result;

    expect(received).toBe(stored + duplicates + skipped + rejected + failed);
    expect(await quarantined(app, result.loadId)).toHaveLength(rejected);
    const halves = [result.opportunities, result.submissions].map(countsOf);
    for (const [index, half] of halves.entries()) {
      const table = tables[index] as string;
      expect(half.received).toBe(sumOf(half));
      expect(await app.count(table)).toBe((rowsBefore[index] as number) + half.inserted);
      expect(difference(countsOf(app.stats.forTable(table)), statsBefore[index] as Counts)).toEqual(half);
    }
    await checkLedger(result, {
      received,
      inserted: 0,
      updated: 0,
      unchanged: 0,
      deleted: 0,
      duplicates,
      skipped,
      rejected,
      failed,
    });
    const [row] = await app.rows('SELECT stored, tables FROM storage_loads WHERE id = $1', [result.loadId]);
    expect(row).toEqual({
      stored: String(stored),
      tables: Object.fromEntries(tables.map((table, index) => [table, halves[index]])),
    });
  }

  describe('hybrid', () => {
    it('by store', async () => {
      expect.hasAssertions();
      await fc.assert(
        fc.asyncProperty(anyRecords, async (records) => {
          fc.pre(records.length > 0);
          await checkHybridLoad(() => app.hybrid.store(records));
        }),
        propertyRuns(20),
      );
    });

    it('by storeBatch', async () => {
      expect.hasAssertions();
      await fc.assert(
        fc.asyncProperty(anyRecords, fc.integer({ min: 1, max: 12 }), async (records, batchSize) => {
          fc.pre(records.length > 0);
          await checkHybridLoad(() => app.hybrid.storeBatch(records, { batchSize }));
        }),
        propertyRuns(20),
      );
    });
  });

  it('also of a load that was stopped by maxRejects', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecords, fc.integer({ min: 1, max: 6 }), async (records, batchSize) => {
        const before = await app.count('app_opportunities');
        const load = app.opportunities.storeBatch(records, { batchSize, maxRejects: 2 });
        const result = await load.catch((error: { result: LoadResult }) => error.result);
        const counts = countsOf(result);
        expect(counts.received).toBe(sumOf(counts));
        expect(counts.rejected).toBeLessThanOrEqual(2);
        expect(await app.count('app_opportunities')).toBe(before + counts.inserted);
      }),
      propertyRuns(15),
    );
  });
});
