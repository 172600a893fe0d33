import * as zlib from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { readRecords } from '../../../src/files/read-records.js';
import { collect, drain, outcome, streamOf } from '../../support/records/collect.js';

const UNREADABLE = { code: 'SOURCE_UNREADABLE' };
const LINES = '{"a":1}\n{"a":"ü😀"}\n';
/** LINES, compressed by zstd. */
const ZSTD_LINES = 'KLUv/QRYuQAAeyJhIjoxfQp7ImEiOiLDvPCfmIAifQqQ3Gt9';
const readsZstd = 'createZstdDecompress' in zlib;

/** What the lines of a file come to. */
async function read(bytes: Buffer | string, { cuts }: { cuts?: number[] } = {}) {
  return (await collect(bytes, { format: 'jsonl' }, cuts)).map(outcome);
}

describe('readRecords from gzip', () => {
  const expected = [{ a: 1 }, { a: 'ü😀' }];

  it('recognises it by its first bytes, however the stream is cut', async () => {
    const zipped = zlib.gzipSync(`\ufeff${LINES}`);
    expect(await read(zipped)).toEqual(expected);
    expect(await read(zipped, { cuts: [...zipped.keys()] })).toEqual(expected);
  });

  it('reads all the members of a file', async () => {
    const zipped = Buffer.concat([zlib.gzipSync(LINES), zlib.gzipSync(LINES)]);
    expect(await read(zipped)).toEqual([...expected, ...expected]);
    expect(await read(zipped, { cuts: [...zipped.keys()] })).toEqual([...expected, ...expected]);
  });

  it('reports truncated data, wherever it ends', async () => {
    const zipped = Buffer.concat([zlib.gzipSync(LINES), zlib.gzipSync(LINES)]);
    const member = zlib.gzipSync(LINES).length;
    for (let length = 2; length < zipped.length; length++) {
      // Between the members the file is whole as far as anyone can tell.
      if (length === member) continue;
      await expect(read(zipped.subarray(0, length))).rejects.toMatchObject({
        ...UNREADABLE,
        message: expect.stringContaining('truncated'),
      });
    }
  });

  it('hands out what came before the cut', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `{"a":${index}}\n`).join('');
    const zipped = zlib.gzipSync(lines);
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const record of readRecords(streamOf(zipped.subarray(0, -9)), { format: 'jsonl' })) {
        seen.push(outcome(record));
      }
    })();
    await expect(reading).rejects.toMatchObject(UNREADABLE);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every((value) => typeof value === 'object')).toBe(true);
  });

  it('says that data is damaged, or followed by something else', async () => {
    const zipped = zlib.gzipSync(LINES);
    const damaged = Buffer.from(zipped);
    damaged.writeUInt8(damaged.readUInt8(zipped.length - 6) ^ 1, zipped.length - 6);
    const problems = [
      damaged,
      Buffer.concat([zipped, Buffer.from('text')]),
      Buffer.concat([zipped, Buffer.alloc(9), zipped]),
    ];
    for (const bytes of problems) await expect(read(bytes)).rejects.toMatchObject(UNREADABLE);
  });

  it('closes the source when its consumer stops', async () => {
    const source = streamOf(zlib.gzipSync(LINES.repeat(1000)), [10, 20]);
    const closed = new Promise((resolve) => source.once('close', resolve));
    for await (const record of readRecords(source, { format: 'jsonl' })) {
      if (record.value !== undefined) break;
    }
    await closed;
    expect(source.destroyed).toBe(true);
  });
});

describe('readRecords from other compressed files', () => {
  it.each([
    ['PK\x03\x04\x14\x00', /zip archive or a spreadsheet.*save it as csv/],
    ['\xd0\xcf\x11\xe0\xa1\xb1', /Office document \(xls\)/],
    ['BZh91AY&SY', /bzip2 -d/],
    ['BZh11AY&SY', /bzip2 -d/],
    ['\xfd7zXZ\x00', /xz -d/],
  ])('says what %j is and what to do', async (head, message) => {
    const source = streamOf(Buffer.from(head, 'latin1'));
    await expect(drain(readRecords(source, { format: 'csv' }))).rejects.toMatchObject({
      ...UNREADABLE,
      message: expect.stringMatching(message),
    });
    expect(source.destroyed).toBe(true);
  });
});

const zstd = Buffer.from(ZSTD_LINES, 'base64');

(readsZstd ? describe : describe.skip)('readRecords from zstd', () => {
  it('reads it, however the stream is cut, and reports truncated data', async () => {
    expect(await read(zstd, { cuts: [...zstd.keys()] })).toEqual([{ a: 1 }, { a: 'ü😀' }]);
    for (let length = 4; length < zstd.length; length++) {
      await expect(read(zstd.subarray(0, length))).rejects.toMatchObject(UNREADABLE);
    }
    await expect(read(Buffer.concat([zstd, zstd]))).rejects.toThrow(/several frames.*zstd -d/);
  });
});

(readsZstd ? describe.skip : describe)('readRecords from zstd, where Node cannot', () => {
  it('names the releases of Node that can', async () => {
    await expect(read(zstd)).rejects.toThrow(/cannot read zstd\. Use Node 22\.15, 24 or later/);
  });
});
