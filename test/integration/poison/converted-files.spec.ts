import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { readRecords } from '../../../src/files/read-records.js';
import type { BatchLoadResult } from '../../../src/index.js';
import { CONVERTED_OPPORTUNITIES, CONVERTED_SUBMISSIONS } from '../../support/records/converted-file-records.js';
import { FILES, fileOf, recordsOf } from '../../support/records/poison-file.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { traceCopies, type WriterTrace } from '../../support/app/writer-trace.js';

const TABLES = [
  { table: 'app_opportunities', cases: CONVERTED_OPPORTUNITIES },
  { table: 'submissions', cases: CONVERTED_SUBMISSIONS },
] as const;

const PLAN = FILES.flatMap((file) => TABLES.map((table) => ({ ...file, ...table })));

describe('accepted records of files', () => {
  let app: StorageApp;
  let trace: WriterTrace;
  beforeAll(async () => {
    app = await startStorageApp();
    trace = traceCopies(app);
  });
  afterAll(() => app.close());

  describe.each(PLAN)('$format into $table, by $writer', ({ format, writer, neighbours, table, cases }) => {
    const records = recordsOf(format, cases, neighbours);
    const taken = records.flatMap((record) => (record.case ? [{ ...record.case, key: record.key }] : []));
    let result: BatchLoadResult;
    let copies: number;
    beforeAll(async () => {
      await emptyTables(app);
      trace.reset();
      result = await app.loader.loadBatch(table, readRecords(fileOf(format, cases, records), { format }));
      copies = trace.copies;
    });

    it('are all loaded, by this writer', () => {
      expect(result).toMatchObject({ inserted: records.length, rejected: 0, received: records.length });
      expect(copies > 0).toBe(writer === 'copy');
    });

    it.each(taken)('$when', async ({ key, stored }) => {
      // As the server writes it: pg would round digits, and JSON.parse too.
      const columns = Object.keys(stored).map((name) => `${name}::text AS ${name}`);
      const rows = await app.rows(`SELECT ${columns.join(', ')} FROM ${table} WHERE submission_id = $1`, [key]);
      expect(rows).toEqual([stored]);
    });

    it('leave Object.prototype as it was', () => {
      const plain: Record<string, unknown> = {};
      expect([plain['polluted'], Object.keys(Object.getPrototypeOf(plain) as object)]).toEqual([undefined, []]);
      expect(plain.constructor).toBe(Object);
    });
  });
});
