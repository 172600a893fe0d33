import { Readable } from 'node:stream';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { FileFormat } from '../../../src/files/record-reader.js';
import { readRecords } from '../../../src/files/read-records.js';
import type { LoadOptions } from '../../../src/index.js';
import { MARK, Witness } from '../../support/app/leaks.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';

const FILES: readonly (readonly [format: FileFormat, when: string, file: string, reason: string])[] = [
  ['jsonl', 'a line is truncated', `{"submission_id":"a","title":"${MARK}`, 'invalid_json'],
  ['jsonl', 'a line is a secret', MARK, 'invalid_json'],
  ['jsonl', 'a number is a secret', `{"submission_id":"a","title":${MARK}}`, 'invalid_json'],
  ['jsonl', 'a big number stands beside it', `{"a":12345678901234567890,"title":${MARK}}`, 'invalid_json'],
  ['jsonl', 'a text is a record', `"${MARK}"`, 'not_an_object'],
  ['jsonl', 'a score is a secret', `{"submission_id":"a","trust_score":"${MARK}"}`, 'wrong_type'],
  ['jsonl', 'a date-time is a secret', `{"submission_id":"a","created_utc":"${MARK}"}`, 'invalid_date_time'],
  ['jsonl', 'a key of jsonb is', `{"submission_id":"a","ai_profile":{"${MARK}":"\\u0000"}}`, 'nul_character'],
  ['jsonl', 'a key is too long', `{"submission_id":"${MARK.repeat(300)}"}`, 'key_too_long'],
  ['json', 'an element is a secret', `[${MARK}]`, 'invalid_json'],
  ['json', 'the document ends early', `[{"submission_id":"a","title":"${MARK}"`, 'invalid_json'],
  ['json', 'the document is a secret', MARK, 'invalid_json'],
  ['json', 'the document continues', `{"title":"b"} ${MARK}`, 'invalid_json'],
  ['csv', 'a quote is open', `submission_id,title\na,"${MARK}`, 'invalid_csv'],
  ['csv', 'a cell contains a quote', `submission_id,title\na,${MARK}"x`, 'invalid_csv'],
  ['csv', 'a cell is too many', `submission_id,title\na,b,${MARK}`, 'wrong_field_count'],
  ['csv', 'a jsonb cell is none', `submission_id,ai_profile\na,${MARK}`, 'invalid_json'],
];

async function* breaking(): AsyncGenerator<object> {
  yield { submission_id: 'a', title: MARK };
  throw new Error('the source has gone');
}

const CALLS: readonly (readonly [when: string, call: (app: StorageApp) => Promise<unknown>])[] = [
  ['a record alone instead of records', (app) => app.profiles.storeBatch({ title: MARK } as never)],
  ['a text instead of records', (app) => app.profiles.storeBatch(MARK as never)],
  ...Object.entries<unknown>({
    disposition: MARK,
    batchSize: MARK,
    maxRejects: MARK,
    onReject: MARK,
    allowEmpty: MARK,
    signal: MARK,
    onProgress: MARK,
    source: `${MARK}\0`,
    loadKey: `${MARK}\0`,
  }).map(
    ([name, value]) =>
      [
        `an option ${name}`,
        (app: StorageApp) => app.profiles.storeBatch([], { [name]: value } as LoadOptions),
      ] as const,
  ),
  ['a source that breaks off', (app) => app.profiles.storeBatch(breaking())],
  ['a csv file without a header', (app) => app.profiles.storeBatch(readCsv(`${MARK},${MARK}\n`))],
  ['a csv header of quotes', (app) => app.profiles.storeBatch(readCsv(`a,${MARK}"\n`))],
];

function readCsv(text: string): AsyncIterable<object> {
  return readRecords(Readable.from([Buffer.from(text)], { objectMode: false }), { format: 'csv' });
}

describe('a secret', () => {
  let app: StorageApp;
  let witness: Witness;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    app.stats.reset();
    witness = new Witness();
    witness.follow(app);
  });

  it.each(FILES)('of %s is not leaked when %s', async (format, _, file, reason) => {
    const source = Readable.from([Buffer.from(file)], { objectMode: false });
    const result = await app.profiles.storeBatch(readRecords(source, { format }), { onProgress: witness.onProgress });
    expect(result.rejects).toMatchObject([{ reason }]);
    expect(await witness.leaks(app, result)).toEqual([]);
    const kept = await app.rows<{ raw: Buffer }>('SELECT raw FROM storage_rejected_records');
    expect(kept.map(({ raw }) => raw.includes(MARK))).toEqual([true]);
  });

  it.each(CALLS)('is not leaked by the error about %s', async (_, call) => {
    const error: unknown = await call(app).then(
      () => expect('the call').toBe('rejected'),
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: expect.any(String) });
    expect(await witness.leaks(app, error)).toEqual([]);
  });
});
