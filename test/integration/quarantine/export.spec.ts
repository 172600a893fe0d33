import { Readable } from 'node:stream';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { readRecords, type ReadRecordsOptions } from '../../../src/files/read-records.js';
import { type ExportFormat, QuarantineService } from '../../../src/index.js';
import { emptyTables, quarantined, type QuarantinedRow } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { propertyRuns } from '../../support/sizes/sizes.js';

/** Difficult content of a line: line ends, quotes, file signatures, and bytes that are no text. */
const PIECES = [
  '\n',
  '\r',
  '\r\n',
  '"',
  '""',
  ',',
  ' ',
  '\ufeff',
  '\0',
  'x',
  '{',
  '}',
  '[',
  ']',
  '\\',
  '{"a":1}',
].concat(
  ['{"a":\n2}', '"\\ud800"', '9007199254740993', '{"submission_id":"\\u0000"}', '{"id":-0}'],
  ['{"id":"a","submission_id":"b"}'],
);
const piece = fc.constantFrom(...PIECES);
const bytes = fc
  .tuple(fc.array(piece, { maxLength: 12 }), fc.option(fc.uint8Array({ maxLength: 3 })))
  .map(([pieces, tail]) => Buffer.concat([Buffer.from(pieces.join('')), tail ?? new Uint8Array()]));

interface Loaded {
  readonly received: number;
  readonly rejected: readonly QuarantinedRow[];
}

/** Before bytes that would look like UTF-16 at the start of a file. */
const BLANK = Buffer.from('\n\n');
/** Their first lines, exported, look like UTF-16. */
const UTF_16_ALIKE: [Buffer][] = [[Buffer.from('\0\n\0')], [Buffer.from('A\0\n\0x')]];

describe('an export', () => {
  let app: StorageApp;
  let quarantine: QuarantineService;
  beforeAll(async () => {
    app = await startStorageApp();
    quarantine = app.module.get(QuarantineService);
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const load = async (input: Buffer, options: ReadRecordsOptions): Promise<Loaded> => {
    const records = readRecords(Readable.from([input], { objectMode: false }), options);
    const { loadId, received } = await app.loader.loadBatch('submissions', records);
    return { received, rejected: await quarantined(app, loadId) };
  };
  const exported = async (format: ExportFormat) => {
    const left: string[] = [];
    const lines: Buffer[] = [];
    for await (const line of quarantine.export({}, format, (_, { id }) => left.push(id))) lines.push(line);
    return { lines, left };
  };

  /** Loads any bytes, exports the rejected records and loads them. */
  const forAnyBytes = (
    format: ExportFormat,
    options: ReadRecordsOptions,
    head: Buffer,
    check: (again: Loaded, kept: readonly QuarantinedRow[], lines: number) => void,
  ) =>
    fc.assert(
      fc.asyncProperty(bytes, async (body) => {
        await emptyTables(app);
        await load(Buffer.concat([head, body]), options);
        const { lines, left } = await exported(format);
        const kept = await app.rows<QuarantinedRow & { id: string }>(
          'SELECT id, reason, record_key AS key, raw FROM storage_rejected_records ORDER BY position',
        );
        const again = await load(Buffer.concat(lines), { format });
        const expected = kept.filter(({ id }) => !left.includes(id));
        check(again, expected, lines.length);
      }),
      { ...propertyRuns(60), examples: UTF_16_ALIKE },
    );
  const outcomes = (rows: readonly QuarantinedRow[]) => rows.map(({ reason, key }) => [reason, key]);
  const rawsOf = (rows: readonly QuarantinedRow[]) => rows.map(({ raw }) => raw.toString('hex'));

  it.each<[ExportFormat, ReadRecordsOptions, Buffer]>([
    ['jsonl', { format: 'jsonl' }, BLANK],
    ['jsonl', { format: 'jsonl', maxLineBytes: 8 }, BLANK],
    ['csv', { format: 'csv' }, Buffer.from('"submission_id","a\0b"\n')],
  ])('as %s is rejected again unchanged, byte for byte: %j', async (format, options, head) => {
    await forAnyBytes(format, options, head, (again, kept, lines) => {
      expect(again.received).toBe(lines);
      expect(outcomes(again.rejected)).toEqual(outcomes(kept));
      expect(rawsOf(again.rejected)).toEqual(rawsOf(kept));
    });
  });

  it.each<[ExportFormat, ReadRecordsOptions, Buffer]>([
    ['jsonl', { format: 'jsonl', rename: new Map([['id', 'submission_id']]) }, BLANK],
    ['csv', { format: 'csv', rename: new Map([['id', 'submission_id']]) }, Buffer.from('id,num_comments\n')],
  ])('as %s is rejected again unchanged, under its new names: %j', async (format, options, head) => {
    await forAnyBytes(format, options, head, (again, kept, lines) => {
      expect(again.received).toBe(lines);
      expect(outcomes(again.rejected)).toEqual(outcomes(kept));
    });
  });

  it('of a JSON document has as many records as were exported', async () => {
    // The rest of a broken document may be a valid record in the new file.
    await forAnyBytes('jsonl', { format: 'json' }, Buffer.concat([Buffer.from('['), BLANK]), (again, kept, lines) => {
      expect([again.received, kept.length]).toEqual([lines, lines]);
    });
  });

  it('does not contain objects with values that JSON cannot express', async () => {
    await app.profiles.untyped().store([
      { submission_id: ' ', title: 'plain', big: 9_007_199_254_740_993n, nested: { $number: 'NaN' } },
      { submission_id: ' ', when: new Date() },
      { submission_id: ' ', score: Number.NaN },
    ]);
    const { lines, left } = await exported('jsonl');
    expect(lines.map(String)).toEqual([
      '{"submission_id":" ","title":"plain","big":9007199254740993,"nested":{"$number":"NaN"}}\n',
    ]);
    expect(left).toHaveLength(2);
  });
});

describe('the list of rejected records', () => {
  let app: StorageApp;
  let quarantine: QuarantineService;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { parallelism: 1 } });
    quarantine = app.module.get(QuarantineService);
    const records = Array.from({ length: 25 }, (_, index) => ({ submission_id: ' ', n: index }));
    await app.profiles.storeBatch(records, { batchSize: 10 });
    await app.profiles.untyped().store([{ submission_id: ' ', n: 25 }]);
  });
  afterAll(() => app.close());

  it('has pages that neither overlap nor omit a record', async () => {
    const seen: string[] = [];
    let after: string | undefined;
    for (;;) {
      const page = await quarantine.list({ limit: 7, after });
      seen.push(...page.map(({ id }) => id));
      after = page.at(-1)?.id;
      if (after === undefined) break;
    }
    expect(seen).toHaveLength(26);
    expect(seen).toEqual((await quarantine.list({ limit: 100 })).map(({ id }) => id));
    expect(new Set(seen).size).toBe(26);
    const positions = (await quarantine.list()).map(({ position }) => position);
    expect(positions).toEqual([0, 20, 21, 22, 23, 24, ...range(10, 20), ...range(0, 10)]);
  });

  it('contains the records only on request', async () => {
    const [plain] = await quarantine.list({ limit: 1 });
    expect(plain).not.toHaveProperty('raw');
    const [whole] = await quarantine.list({ limit: 1, withRaw: true });
    expect(String(whole?.raw)).toBe('{"submission_id":" ","n":25}');
    expect(await quarantine.get(plain?.id ?? '')).toEqual(plain);
    expect(await quarantine.get(plain?.id ?? '', { withRaw: true })).toEqual(whole);
    expect(await quarantine.get('nonsense')).toBeNull();
  });

  it('is counted by reason, most frequent first', async () => {
    const { loadId } = await app.profiles.untyped().store([
      { submission_id: 'a', title: 1 },
      { submission_id: 'b', title: 2 },
    ]);
    expect(await quarantine.countByReason()).toEqual([
      { reason: 'blank_key', count: 26 },
      { reason: 'wrong_type', count: 2 },
    ]);
    expect(await quarantine.countByReason({ loadId })).toEqual([{ reason: 'wrong_type', count: 2 }]);
    expect(await quarantine.countByReason({ table: 'app_opportunities' })).toEqual([]);
    await expect(quarantine.countByReason({ table: '' })).rejects.toMatchObject({ code: 'INVALID_FILTER' });
    await quarantine.purge({ loadId });
  });

  it('can be read whole, oldest first', async () => {
    const read: string[] = [];
    for await (const { raw } of quarantine.records()) read.push(String(JSON.parse(String(raw)).n));
    expect(read).toEqual(range(0, 26).map(String));
  });

  it('names every mistake in a filter', async () => {
    const wrong = { limit: 0, after: 'x', table: '', since: new Date(Number.NaN), colour: 1 } as object;
    await expect(quarantine.list(wrong)).rejects.toThrow(
      /limit must be .*; after must be .*; table must be a text \(found string\); since must be a valid Date \(found object\); colour is not a criterion/,
    );
    const gone = '00000000-0000-4000-8000-000000000000';
    await expect(quarantine.list({ after: gone })).rejects.toThrow(
      /rejected record 00000000\S+ does not exist any more/,
    );
  });

  it('is purged by a filter only, with the number of open records', async () => {
    await expect(quarantine.purge({})).rejects.toMatchObject({ code: 'INVALID_FILTER' });
    await expect(quarantine.purge({ replayed: 'any' })).rejects.toThrow(
      /A purge needs a filter, because it deletes rejected records permanently/,
    );
    await app.rows('UPDATE storage_rejected_records SET replayed_at = now() WHERE position < 3');
    expect(await quarantine.purge({ since: new Date(Date.now() + 3_600_000) })).toEqual({ purged: 0, open: 0 });
    await expect(quarantine.purge({ replayed: true }, { expected: 3 })).rejects.toMatchObject({
      code: 'REJECTS_CHANGED',
      message: 'Nothing was deleted: the filter now matches 4 rejected records instead of 3',
    });
    await expect(quarantine.purge({ replayed: true }, { expected: '4' } as object)).rejects.toThrow(/expected must be/);
    expect(await quarantine.purge({ replayed: true }, { expected: 4 })).toEqual({ purged: 4, open: 0 });
    expect(await quarantine.purge({ table: 'submissions', until: new Date(Date.now() + 3_600_000) })).toEqual({
      purged: 22,
      open: 22,
    });
    expect(await quarantine.count({ replayed: 'any' })).toBe(0);
  });

  it('is purged of open and replayed records if the filter leaves that undefined', async () => {
    await emptyTables(app);
    await app.profiles.store([{ submission_id: ' ' }, { submission_id: ' ' }]);
    await app.rows('UPDATE storage_rejected_records SET replayed_at = now() WHERE position = 0');
    expect(await quarantine.purge({ table: 'submissions', replayed: undefined })).toEqual({ purged: 2, open: 1 });
  });
});

function range(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, index) => from + index);
}
