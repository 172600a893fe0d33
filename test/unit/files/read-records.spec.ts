import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { readRecords } from '../../../src/files/read-records.js';
import { parseRename } from '../../../src/files/rename-fields.js';
import type { SourceRecord } from '../../../src/records/source-record.js';
import { collect, drain, outcome, streamOf } from '../../support/records/collect.js';
import { propertyRuns } from '../../support/sizes/sizes.js';

const UNREADABLE = { code: 'SOURCE_UNREADABLE' };
/** What the lines of a file come to. */
async function read(bytes: Buffer | string, options: { maxLineBytes?: number; cuts?: number[] } = {}) {
  const { maxLineBytes, cuts } = options;
  return (await collect(bytes, { format: 'jsonl', maxLineBytes }, cuts)).map(outcome);
}

const LINES = '{"a":1}\n{"a":"ü😀"}\n';

describe('readRecords, one JSON object a line', () => {
  it('reads lines that end in LF, in CR LF, or with the file', async () => {
    const records = await collect('{"a":1}\n{"a":2}\r\n{"a":3}', { format: 'jsonl' });
    expect(records.map(outcome)).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
    expect(records.map((record) => record.raw.toString())).toEqual(['{"a":1}', '{"a":2}', '{"a":3}']);
    expect(records.map((record) => record.textual)).toEqual([false, false, false]);
  });

  it('skips blank lines, which are no records', async () => {
    expect(await read('\n \t\r\n{"a":1}\n\n\r\n   ')).toEqual([{ a: 1 }]);
    expect(await read('')).toEqual([]);
  });

  it('drops a byte order mark at the start, and only there', async () => {
    expect(await read('\ufeff{"a":1}\n\ufeff{"a":2}')).toEqual([{ a: 1 }, 'invalid_json']);
    expect(await read('\ufeff')).toEqual([]);
  });

  it('continues after a line that cannot be read', async () => {
    const broken = Buffer.concat([
      Buffer.from('{"a":1}\nnope\n{"a":"'),
      Buffer.from([0xff]),
      Buffer.from('"}\n[]\n{}'),
    ]);
    expect(await read(broken)).toEqual([{ a: 1 }, 'invalid_json', 'invalid_utf8', 'not_an_object', {}]);
  });

  it('rejects a line over the limit once, keeping its head, and reads the next', async () => {
    const long = `{"a":"${'x'.repeat(5000)}"}`;
    const bytes = `{"a":1}\n${long}\n{"a":2}\n${long}`;
    const cuts = Array.from({ length: 100 }, (_, index) => index * 100);
    const records = await collect(bytes, { format: 'jsonl', maxLineBytes: 2000 }, cuts);
    expect(records.map(outcome)).toEqual([{ a: 1 }, 'line_too_long', { a: 2 }, 'line_too_long']);
    expect(records[1]?.raw.toString()).toBe(long.slice(0, 1024));
  });

  it('takes a line of exactly the limit', async () => {
    expect(await read('{"a":1}\n{"a":10}\n', { maxLineBytes: 7 })).toEqual([{ a: 1 }, 'line_too_long']);
  });

  it('does not hold a line over the limit in memory', async () => {
    const megabyte = 1024 * 1024;
    let produced = 0;
    const long = Readable.from(
      (function* () {
        for (; produced < 768; produced++) yield Buffer.alloc(megabyte, 'x');
      })(),
    );
    const before = process.memoryUsage().rss;
    const records = await drain(readRecords(long, { format: 'jsonl', maxLineBytes: 4 * megabyte }));
    expect(records.map(outcome)).toEqual(['line_too_long']);
    expect(produced).toBe(768);
    expect(process.memoryUsage().rss - before).toBeLessThan(384 * megabyte);
  });

  it('reads no further than its consumer, and closes the source when that one stops', async () => {
    let produced = 0;
    const source = Readable.from(
      (function* () {
        for (; produced < 100_000; produced++) yield Buffer.from(`{"a":${produced}}\n`);
      })(),
      { highWaterMark: 1 },
    );
    for await (const record of readRecords(source, { format: 'jsonl' })) {
      if ((record.value as { a: number }).a === 10) break;
    }
    expect(produced).toBeLessThan(20);
    expect(source.destroyed).toBe(true);
  });

  it('closes the source when its consumer stops at the first record', async () => {
    const source = streamOf(LINES.repeat(10), [8, 40]);
    for await (const record of readRecords(source, { format: 'jsonl' })) {
      if (record.value !== undefined) break;
    }
    expect(source.destroyed).toBe(true);
  });

  it('renames fields', async () => {
    const rename = new Map([['a', 'b']]);
    expect((await collect('{"a":1}\n{"a":1,"b":2}', { format: 'jsonl', rename })).map(outcome)).toEqual([
      { b: 1 },
      'rename_conflict',
    ]);
  });

  it('tells which fields to rename no record has carried, as far as records were looked at', async () => {
    const unmetIn = async (bytes: string, look: boolean, rename = 'a=x,b=y,c=z') => {
      const records = readRecords(streamOf(bytes), { format: 'jsonl', rename: parseRename(rename) });
      for await (const record of records) {
        if (look) outcome(record);
      }
      return records.findings.unmetRenames;
    };
    expect(await unmetIn('{"a":1}\n{"d":1}\n{"c":null}', true)).toEqual(['b']);
    expect(await unmetIn('{"a":1}\n{"b":1,"c":1}', true)).toEqual([]);
    expect(await unmetIn('{\n[]', true)).toEqual([]);
    expect(await unmetIn('{"d":1}', false)).toEqual([]);
    expect(await unmetIn('{"d":1}', true, '__proto__=x')).toEqual(['__proto__']);
  });

  it('gives the same records however the stream is cut', async () => {
    const line = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(Buffer.from('  '), Buffer.from('{"a":"ü😀"}\r'), Buffer.from('\ufeff{}'), Buffer.from('')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat()), fc.constantFrom(3, 20, 1000), async (lines, cuts, limit) => {
        const bytes = Buffer.concat(lines.flatMap((each) => [each, Buffer.from('\n')]));
        // Two bytes that would make a gzip header start another format.
        fc.pre(bytes[0] !== 0x1f);
        const options = { format: 'jsonl', maxLineBytes: limit } as const;
        const parsed = (records: readonly SourceRecord[]) =>
          records.map(({ value, raw, rejection, textual, reading }) => ({ value, raw, rejection, textual, reading }));
        expect(parsed(await collect(bytes, options, cuts))).toEqual(parsed(await collect(bytes, options)));
      }),
      propertyRuns(),
    );
  });
});

describe('readRecords from a source that fails', () => {
  it('names the source and keeps the cause', async () => {
    const cause = new Error('EIO: i/o error, read');
    const source = new Readable({ read: () => source.destroy(cause) });
    const reading = drain(readRecords(source, { format: 'jsonl', name: 'posts.jsonl' }));
    await expect(reading).rejects.toMatchObject({
      ...UNREADABLE,
      cause,
      message: expect.stringContaining('posts.jsonl'),
    });
  });

  it('does not take a stream that was closed early for one that ended', async () => {
    const source = new Readable({ read: () => source.destroy() });
    await expect(drain(readRecords(source, { format: 'csv' }))).rejects.toMatchObject(UNREADABLE);
  });

  it('wants bytes, for in decoded text broken bytes are gone', async () => {
    const source = streamOf(LINES).setEncoding('utf8');
    await expect(drain(readRecords(source, { format: 'jsonl' }))).rejects.toMatchObject(UNREADABLE);
  });
});

describe('a record nobody looks at', () => {
  it.each(['jsonl', 'json', 'csv'] as const)('is not parsed from %s', async (format) => {
    const bytes = { jsonl: '{"a":1}\n', json: '[{"a":1}]', csv: 'a\n1\n' }[format];
    const records = [
      ...(await collect(bytes, { format })),
      ...(await collect(bytes, { format, rename: new Map([['b', 'a']]) })),
    ];
    // What is parsed only now finds other bytes.
    records.forEach(({ raw }) => raw.fill('x'));
    const found = format === 'csv' ? { a: 'x' } : 'invalid_json';
    expect(records.map(outcome)).toEqual([found, found]);
  });
});

describe('a source without records', () => {
  it.each(['jsonl', 'csv'] as const)('is read no further once its consumer has stopped: %s', async (format) => {
    let chunks = 0;
    const blank = Buffer.alloc(1024, '\n');
    let stopped: Promise<unknown> | undefined;
    const started: AsyncGenerator<unknown>[] = [];
    const source = Readable.from(
      (function* () {
        for (; chunks < 10_000; chunks++) {
          // Reading has begun, and no record will come.
          if (chunks === 10) stopped = started[0]?.return(undefined);
          yield blank;
        }
      })(),
      { highWaterMark: 1 },
    );
    const records = readRecords(source, { format });
    started.push(records);
    const first = await records.next();
    await stopped;
    expect(first).toEqual({ done: true, value: undefined });
    expect(chunks).toBeLessThan(100);
    expect(source.destroyed).toBe(true);
  });
});
