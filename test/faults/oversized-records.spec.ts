import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';

import { createTestDatabase, type TestDatabase } from '../../src/testing/index.js';
import { PEAK_IS_UNKNOWN, runCliForPeak } from '../support/cli/cli-peak.js';
import { queryValue } from '../support/processes/embedded-processes.js';
import { describeUnless } from '../support/needs/needs.js';

if (PEAK_IS_UNKNOWN !== undefined) process.stderr.write(`skipped: oversized records: ${PEAK_IS_UNKNOWN}\n`);

const MEGABYTE = 1024 * 1024;
const filling = Buffer.alloc(MEGABYTE, 'x');

/** As many megabytes of x. */
function* megabytes(count: number): Generator<Buffer> {
  for (let n = 0; n < count; n += 1) yield filling;
}

/** The whole input: good records, one that is far too large, and good records after it. */
function* around(before: string, opening: string, size: number, closing: string, after: string): Generator<Buffer> {
  yield Buffer.from(before + opening);
  yield* megabytes(size);
  yield Buffer.from(closing + after);
}

/** gzip files may be joined; so a file of gigabytes is made of one small one, over and over. */
function* zipped(plain: Iterable<Buffer>): Generator<Buffer> {
  const zippedFilling = gzipSync(filling);
  for (const chunk of plain) yield chunk === filling ? zippedFilling : gzipSync(chunk);
}

const jsonl = (megabytesOfLine: number) =>
  around(
    '{"submission_id":"first"}\n',
    '{"submission_id":"large","title":"',
    megabytesOfLine,
    '"}\n',
    '{"submission_id":"last"}\n',
  );
const json = (size: number) =>
  around('[{"submission_id":"first"},', '{"submission_id":"large","title":"', size, '"},', '{"submission_id":"last"}]');
const csv = (size: number) => around('submission_id,title\nfirst,\n', 'large,"', size, '"\n', 'last,\n');

/**
 * A record may have 256 MiB, so that much of one is held until it turns out to have more; the process itself takes some
 * 120 MB. The input is 300 MB or eight times the limit: the peak is the same.
 */
const MOST_MEGABYTES = 256 + 200;

describeUnless(PEAK_IS_UNKNOWN)('a record that is far too large', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(() => queryValue(database.url, 'TRUNCATE submissions, storage_loads, storage_rejected_records'));

  it.each<[string, string, Iterable<Buffer>]>([
    ['a line of 2 GB', 'jsonl', jsonl(2_048)],
    ['a field of 300 MB', 'jsonl', jsonl(300)],
    ['a line of 2 GB, in gzip', 'jsonl', zipped(jsonl(2_048))],
    ['a record of 2 GB', 'json', json(2_048)],
    ['a field of 300 MB', 'json', json(300)],
    ['a record of 2 GB', 'csv', csv(2_048)],
    ['a field of 300 MB', 'csv', csv(300)],
    ['a field of 300 MB, in gzip', 'csv', zipped(csv(300))],
  ])('is rejected without being held in memory: %s of %s', async (_, format, input) => {
    const load = ['load', '-', '--format', format, '--into', 'submissions', '--json'];
    const { exitCode, stdout, peakMegabytes } = await runCliForPeak(database.url, load, input);
    expect({ exitCode, result: JSON.parse(stdout) }).toMatchObject({
      exitCode: 3,
      result: { received: 3, inserted: 2, rejected: 1, rejects: [{ position: 1, reason: 'line_too_long' }] },
    });
    expect(peakMegabytes).toBeLessThan(MOST_MEGABYTES);
    expect(await queryValue(database.url, 'SELECT octet_length(raw) FROM storage_rejected_records')).toBe(1_024);
  });
});
