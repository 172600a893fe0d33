import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { readRecords } from '../../../src/files/read-records.js';
import type { BatchLoadResult } from '../../../src/index.js';
import { FILES, fileOf, type FileRecord, recordsOf } from '../../support/records/poison-file.js';
import { emptyTables, quarantined, type QuarantinedRow } from '../../support/app/quarantine.js';
import {
  REJECTED_OPPORTUNITIES,
  REJECTED_SUBMISSIONS,
  type RejectedCase,
} from '../../support/records/rejected-file-records.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { traceCopies, type WriterTrace } from '../../support/app/writer-trace.js';

const TABLES = [
  { table: 'app_opportunities', cases: REJECTED_OPPORTUNITIES },
  { table: 'submissions', cases: REJECTED_SUBMISSIONS },
] as const;

const PLAN = FILES.flatMap((file) => TABLES.map((table) => ({ ...file, ...table })));

describe('rejected records of files', () => {
  let app: StorageApp;
  let trace: WriterTrace;
  beforeAll(async () => {
    app = await startStorageApp();
    trace = traceCopies(app);
    await app.rows(`ALTER TABLE app_opportunities ADD CONSTRAINT no_poison CHECK (status NOT LIKE 'poison%')`);
  });
  afterAll(() => app.close());

  describe.each(PLAN)('$format into $table, by $writer', ({ format, writer, neighbours, table, cases }) => {
    const records = recordsOf(format, cases, neighbours);
    const rejected = records.flatMap((record, position) => (record.case ? [{ ...record.case, record, position }] : []));
    let result: BatchLoadResult;
    let rows: ReadonlyMap<number, QuarantinedRow>;
    let copies: number;
    beforeAll(async () => {
      await emptyTables(app);
      trace.reset();
      result = await load(records);
      copies = trace.copies;
      rows = new Map((await quarantined(app, result.loadId)).map((row) => [row.position, row]));
    });

    const load = (all: readonly FileRecord<RejectedCase>[]): Promise<BatchLoadResult> =>
      app.loader.loadBatch(table, readRecords(fileOf(format, cases, all), { format }));

    it('do not affect the others, which this writer loads', async () => {
      expect(result).toMatchObject({
        inserted: neighbours,
        rejected: rejected.length,
        received: records.length,
        failed: 0,
      });
      const stored = await app.rows<{ id: string }>(`SELECT submission_id AS id FROM ${table}`);
      const good = records.filter((record) => record.case === undefined).map(({ key }) => key);
      expect(stored.map(({ id }) => id).sort()).toEqual(good.sort());
      expect(copies > 0).toBe(writer === 'copy');
    });

    it.each(rejected)('$rule: $when', ({ rule, column, position, record }) => {
      const row = rows.get(position);
      expect(row).toMatchObject({ reason: rule, column, table });
      expect(row?.raw.toString('latin1')).toBe(record.raw.toString('latin1'));
    });

    it('are rejected the same way when replayed from quarantine', async () => {
      const again = rejected.map(({ record, position }) => ({ ...record, raw: rows.get(position)?.raw ?? record.raw }));
      const replay = await load(again);
      expect(replay).toMatchObject({ received: rejected.length, rejected: rejected.length });
      const reasons = (await quarantined(app, replay.loadId)).map(({ reason }) => reason);
      expect(reasons).toEqual(rejected.map(({ rule }) => rule));
    });
  });
});
