import { Readable } from 'node:stream';

import { expect } from '@jest/globals';
import fc from 'fast-check';

import { HYBRID } from '../../../src/entities/index.js';
import { readRecords, type ReadRecordsOptions } from '../../../src/files/read-records.js';
import { LoadStoppedError, StorageError } from '../../../src/index.js';
import { emptyTables } from '../app/quarantine.js';
import type { StorageApp } from '../app/storage-app.js';
import { recordsAndDeletions } from './any-records.js';

const junk = fc.constantFrom(
  'not json',
  '[1]',
  '5',
  '',
  '{"submission_id":"t3_1","problem_description":"p","reddit_score":9007199254740993}',
  '{"submission_id":"t3_2","problem_description":"p","reddit_score":1.5}',
  String.raw`{"submission_id":"t3_3","problem_description":"p","title":"\ud800"}`,
  '{"submission_id":"t3_4","problem_description":"p","__proto__":1,"heading":"h"}',
  '{"submission_id":"t3_5","heading":"h","title":"t"}',
  'x'.repeat(3_000),
);
const jsonl = fc
  .tuple(recordsAndDeletions, fc.array(junk, { maxLength: 4 }))
  .chain(([records, others]) => fc.shuffledSubarray([...records.map((record) => JSON.stringify(record)), ...others]));

const cell = fc.constantFrom('', 'a', String.raw`\N`, '"b, c"', '"', '5', '72.5');
const csvLines = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 7 }), fc.array(cell, { minLength: 3, maxLength: 4 })), { maxLength: 30 })
  .map((rows) => ['submission_id,problem_description,heading,trust_score', ...rows.map((row) => row.flat().join(','))]);

/** Loads of random files, in which some records are wrong. */
export const threadedLoads = fc
  .oneof(
    { weight: 2, arbitrary: fc.tuple(fc.constant('jsonl' as const), jsonl) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('csv' as const), csvLines) },
  )
  .chain(([format, lines]) => {
    const bytes = Buffer.from(lines.join('\n'));
    return fc.record({
      format: fc.constant(format),
      bytes: fc.constant(bytes),
      into: fc.constantFrom('app_opportunities', 'submissions', HYBRID),
      disposition: fc.constantFrom('merge', 'insert', 'update', 'append', 'replace'),
      /** Of a merge or update. */
      deleteWhen: fc.constantFrom(undefined, 'gone'),
      batchSize: fc.constantFrom(1, 3, 1_000),
      maxRejects: fc.constantFrom(2, 1_000),
      /** Where the source breaks in a first attempt, which the load resumes. */
      cut: fc.option(fc.integer({ min: 0, max: bytes.length })),
    });
  });

export type ThreadedLoad = typeof threadedLoads extends fc.Arbitrary<infer T> ? T : never;

/** Does the load in the thread of the test, and by worker threads: all that it leaves must be the same. */
export async function expectSameByThreads(
  [alone, threads]: readonly [StorageApp, StorageApp],
  load: ThreadedLoad,
): Promise<void> {
  const expected = await traceOf(alone, load);
  expect(await traceOf(threads, load)).toEqual(expected);
}

/** What the load leaves. */
async function traceOf(app: StorageApp, load: ThreadedLoad): Promise<unknown> {
  await emptyTables(app);
  const attempts: unknown[] = [];
  if (load.cut !== null) {
    attempts.push(await attempt(app, load, brokenAt(load.bytes, load.cut)));
  }
  attempts.push(await attempt(app, load, Readable.from([load.bytes], { objectMode: false })));
  const stored = async (table: string) =>
    (await app.rows<{ row: object }>(`SELECT to_jsonb(t) AS row FROM ${table} t ORDER BY submission_id`)).map(
      ({ row }) => ({ ...row, load_id: null, created_at: null, updated_at: null }),
    );
  return {
    attempts,
    opportunities: await stored('app_opportunities'),
    submissions: await stored('submissions'),
    rejected: await app.rows(`
      SELECT table_name, position, record_key, raw, reading, reason, column_name, message
        FROM storage_rejected_records ORDER BY position`),
    batches: await app.rows(
      'SELECT batch_no, first_position, end_position, counts FROM storage_load_batches ORDER BY 1',
    ),
  };
}

async function attempt(app: StorageApp, load: ThreadedLoad, source: Readable): Promise<unknown> {
  const { format, into, disposition, deleteWhen, batchSize, maxRejects } = load;
  const reading: ReadRecordsOptions = {
    format,
    rename: new Map([
      ['heading', 'title'],
      ['absent', 'app_name'],
    ]),
    maxLineBytes: 2_000,
  };
  const records = readRecords(source, reading);
  const options = { batchSize, maxRejects, loadKey: 'threads' };
  const ofTable = { disposition, ...(/merge|update/.test(disposition) && { deleteWhen }) };
  try {
    const result = await (into === HYBRID
      ? app.hybrid.storeBatch(records, options)
      : app.loader.loadBatch(into, records, { ...options, ...ofTable }));
    const { unmetRenames, csv } = records.findings;
    return { result: withoutTimes(result), unmetRenames, csv };
  } catch (error) {
    if (!(error instanceof StorageError)) {
      throw error;
    }
    const result = error instanceof LoadStoppedError ? withoutTimes(error.result) : undefined;
    // How many records were parsed when it stopped is a matter of time.
    return { error: [error.name, error.message], result };
  }
}

/** The ids and times differ, within the results of the tables, too. */
function withoutTimes(result: object): unknown {
  return JSON.parse(
    JSON.stringify(result, (name, value: unknown) => (name === 'loadId' || name === 'durationMs' ? undefined : value)),
  );
}

function brokenAt(bytes: Buffer, cut: number): Readable {
  return Readable.from(
    (function* () {
      yield bytes.subarray(0, cut);
      throw new Error('the source broke');
    })(),
    { objectMode: false },
  );
}
