import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { readRecords } from '../../src/files/read-records.js';
import { SourceRecord } from '../../src/records/source-record.js';
import { emptyTables } from '../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../support/app/storage-app.js';

describe('a rejected record of more than 64 MiB', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const neighbour = (id: string) => ({ submission_id: id, problem_description: 'p', title: 'good' });

  it('field_too_large: text of more than 64 MiB', async () => {
    const bad = { ...neighbour('bad'), title: 'x'.repeat(64 * 1024 * 1024 + 1) };
    const result = await app.opportunities.store([neighbour('a'), bad, neighbour('b')]);

    expect(result).toMatchObject({ inserted: 2, rejected: 1 });
    expect(result.rejects).toMatchObject([{ position: 1, reason: 'field_too_large', column: 'title' }]);
    expect(
      await app.rows('SELECT reason, length(raw) > 64 * 1024 * 1024 AS whole FROM storage_rejected_records'),
    ).toEqual([{ reason: 'field_too_large', whole: true }]);
  });

  it('does not fail the load by its size, nor by the size of several together', async () => {
    const line = Buffer.alloc(65 * 1024 * 1024, 'x');
    const rejections = Array.from({ length: 5 }, () =>
      SourceRecord.rejected(line, 'invalid_json', 'the line is no JSON'),
    );
    expect(await app.opportunities.untyped().store([neighbour('a'), ...rejections])).toMatchObject({
      inserted: 1,
      rejected: 5,
    });
    expect(await app.rows('SELECT DISTINCT length(raw) AS size FROM storage_rejected_records')).toEqual([
      { size: line.length },
    ]);
  }, 120_000);

  it('field_too_large: a field of a file, of more than 64 MiB', async () => {
    const line = Buffer.from(`{"submission_id":"b","title":"${'é'.repeat(32 * 1024 * 1024)}x"}`);
    const file = [Buffer.from('{"submission_id":"a"}\n'), line, Buffer.from('\n{"submission_id":"c"}')];
    const source = Readable.from(file, { objectMode: false });
    const result = await app.profiles.storeBatch(readRecords(source, { format: 'jsonl' }));

    expect(result).toMatchObject({
      inserted: 2,
      rejects: [{ position: 1, reason: 'field_too_large', column: 'title' }],
    });
    expect(await app.rows(`SELECT encode(sha256(raw), 'hex') AS digest FROM storage_rejected_records`)).toEqual([
      { digest: createHash('sha256').update(line).digest('hex') },
    ]);
  });
});
