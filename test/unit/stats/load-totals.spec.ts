import { describe, expect, it } from '@jest/globals';

import { NO_COUNTS } from '../../../src/results/load-counts.js';
import {
  addTotals,
  emptyTotals,
  failedTotals,
  type LoadTotals,
  readTotals,
  recordCounts,
  summarizeRejects,
  writeTotals,
} from '../../../src/stats/load-totals.js';

const positionsFrom = (first: number) => Array.from({ length: 30 }, (_, n) => first + n);
const rejectedAt = (positions: readonly number[]) =>
  positions.map((position) => ({
    position,
    source: {},
    key: undefined,
    rejection: { rule: 'wrong_type' as const, column: 'title', message: 'it is no text' },
  }));
const batchAt = (first: number): LoadTotals => ({
  ...emptyTotals(1),
  rejects: summarizeRejects(rejectedAt(positionsFrom(first).toReversed())),
});

describe('the rejected records a load names', () => {
  it('are the first of a batch, in whichever order they were found', () => {
    expect(batchAt(100).rejects.map(({ position }) => position)).toEqual(positionsFrom(100).slice(0, 20));
    expect(batchAt(0).rejects[0]).toEqual({
      position: 0,
      reason: 'wrong_type',
      column: 'title',
      message: 'it is no text',
    });
  });

  it('are the first of the load, in whichever order its batches ended', () => {
    const { rejects } = [200, 20, 0, 100].map(batchAt).reduce(addTotals, emptyTotals(1));
    expect(rejects.map(({ position }) => position)).toEqual(positionsFrom(0).slice(0, 20));
  });
});

describe('totals', () => {
  const opportunities = { ...NO_COUNTS, received: 10, inserted: 2, updated: 1, duplicates: 1, skipped: 5, rejected: 1 };
  const submissions = { ...NO_COUNTS, received: 10, inserted: 4, unchanged: 3, duplicates: 1, skipped: 1, rejected: 1 };
  const totals: LoadTotals = {
    tables: [opportunities, submissions],
    removed: 0,
    rejects: [{ position: 3, reason: '23514', column: 'title', message: 'check violation' }],
    skippedReasons: { missing_submission_id: 1 },
    unknownFields: { flair: 2 },
  };
  /** What versions before 2 kept of the same batch. */
  const version1 = {
    received: 10,
    stored: 7,
    duplicates: 1,
    rejected: 1,
    failed: 0,
    targets: [
      { inserted: 2, updated: 1, unchanged: 0, duplicates: 1, notMeant: 4, deleted: 0 },
      { inserted: 4, updated: 0, unchanged: 3, duplicates: 1, notMeant: 0, deleted: 0 },
    ],
    rejects: totals.rejects,
    skippedReasons: totals.skippedReasons,
    unknownFields: totals.unknownFields,
  };

  it('count the records by the last table', () => {
    expect(recordCounts(totals)).toEqual(submissions);
  });

  it('add up table by table and name by name', () => {
    const sum = addTotals(totals, totals);
    expect(sum.tables[0]).toEqual({
      ...opportunities,
      received: 20,
      inserted: 4,
      updated: 2,
      duplicates: 2,
      skipped: 10,
      rejected: 2,
    });
    expect(sum).toMatchObject({ skippedReasons: { missing_submission_id: 2 }, unknownFields: { flair: 4 } });
  });

  it('count a batch that was rolled back as failed, but for skipped records', () => {
    expect(failedTotals(10, { missing_title: 3 }, 2).tables).toEqual([
      { ...NO_COUNTS, received: 10, skipped: 3, failed: 7 },
      { ...NO_COUNTS, received: 10, skipped: 3, failed: 7 },
    ]);
  });

  const HYBRID_BATCH = { loadId: 'l', batchNo: 3, table: 'hybrid' };
  const TABLE_BATCH = { ...HYBRID_BATCH, table: 'submissions' };

  it('read back as they were written', () => {
    expect(readTotals(JSON.parse(writeTotals(totals)), HYBRID_BATCH)).toEqual(totals);
  });

  it('read from rows that lack the count of deletions', () => {
    const { tables, removed, ...rest } = JSON.parse(writeTotals({ ...totals, removed: 5 })) as LoadTotals;
    const older = tables.map((counts) => ({ ...counts, deleted: undefined }));
    const json: unknown = JSON.parse(JSON.stringify({ ...rest, tables: older, deleted: removed }));
    expect(readTotals(json, HYBRID_BATCH)).toEqual({ ...totals, removed: 5 });
  });

  it('read from the form of older versions', () => {
    expect(readTotals(version1, HYBRID_BATCH)).toEqual(totals);
    const { unknownFields: _, ...older } = version1;
    expect(readTotals(older, HYBRID_BATCH)).toEqual({ ...totals, unknownFields: {} });
    const [target] = version1.targets;
    const replace = { ...version1, targets: [{ ...target, deleted: 8 }] };
    expect(readTotals(replace, TABLE_BATCH)).toMatchObject({ removed: 8 });
  });

  const written = JSON.parse(writeTotals(totals)) as Record<string, unknown>;

  it.each<[string, unknown]>([
    ['a newer version', { ...written, version: 3 }],
    ['no counts', null],
    ['no table', { ...version1, targets: [] }],
    ['fewer tables than the load has', { ...written, tables: [submissions] }],
    ['a table that is null', { ...written, tables: [submissions, null] }],
    ['tables that are no list', { ...version1, targets: {} }],
    ['a missing count', { ...version1, failed: undefined }],
    ['a count that is text', { ...written, tables: [submissions, { ...submissions, inserted: '4' }] }],
    ['a negative count', { ...written, tables: [submissions, { ...submissions, inserted: -4 }] }],
    ['removed rows that are no number', { ...written, removed: 'x' }],
    ['names that are no object', { ...written, unknownFields: 5 }],
    ['rejects that are no list', { ...written, rejects: {} }],
  ])('of %s are an error that names the batch', (_, json) => {
    const error = { code: 'COUNTS_UNREADABLE', message: expect.stringContaining('batch 3 of load l') };
    expect(() => readTotals(json, HYBRID_BATCH)).toThrow(expect.objectContaining(error));
  });
});
