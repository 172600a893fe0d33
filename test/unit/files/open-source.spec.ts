import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { detectFormat, openSource } from '../../../src/files/open-source.js';
import { readRecords } from '../../../src/files/read-records.js';
import { drain, outcome } from '../../support/records/collect.js';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'open-source-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

describe('openSource', () => {
  it('opens a file and knows its size', async () => {
    const path = join(directory, 'posts.jsonl');
    await writeFile(path, '{"a":1}\n');
    const source = await openSource(path);
    expect(source).toMatchObject({ name: path, sizeBytes: 8 });
    expect((await drain(readRecords(source.stream, { format: 'jsonl' }))).map(outcome)).toEqual([{ a: 1 }]);
  });

  it('takes - for standard input', async () => {
    expect(await openSource('-')).toEqual({ stream: process.stdin, name: 'standard input' });
  });

  it.each([
    ['missing.csv', 'file not found. Check the path'],
    ['.', 'it is a directory. Name a file in it.'],
    ['posts.jsonl/x', 'a part of the path is not a directory'],
    ['nul\0byte', 'null bytes'],
  ])('rejects %j, naming it and what to do', async (name, problem) => {
    await writeFile(join(directory, 'posts.jsonl'), '');
    const path = name === '.' ? directory : join(directory, name);
    await expect(openSource(path)).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: expect.stringContaining(problem),
      cause: expect.anything(),
    });
  });
});

describe('detectFormat', () => {
  it.each([
    ['a.jsonl', 'jsonl'],
    ['dir.csv/A.NDJSON', 'jsonl'],
    ['a.b.json', 'json'],
    ['a.csv.gz', 'csv'],
    ['a.JSONL.GZ', 'jsonl'],
    ['a.gz', undefined],
    ['json', undefined],
    ['a.csv/b', undefined],
    ['a.txt', undefined],
    ['-', undefined],
  ])('%s: %s', (path, format) => {
    expect(detectFormat(path)).toBe(format);
  });
});
