import { appendFile, copyFile, link, mkdtemp, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { resumeKey } from '../../../../src/cli/load/resume-key.js';
import { openSource } from '../../../../src/files/open-source.js';
import { isLoadKey } from '../../../../src/loader/model/load-options.js';

const MEANING = { into: 'submissions', disposition: 'merge', format: 'jsonl', sourceForm: undefined } as const;

describe('the load key of --resume', () => {
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'resume-key-'));
    path = join(directory, 'posts.jsonl');
    await writeFile(path, '{"a":1}\n');
  });
  afterEach(() => rm(directory, { recursive: true }));

  const keyOf = async (file: string, meaning: Partial<Parameters<typeof resumeKey>[1]> = {}) => {
    const source = await openSource(file);
    source.stream.destroy();
    return resumeKey(source, { ...MEANING, ...meaning });
  };

  it('is the same for the same file, whatever its path', async () => {
    const key = await keyOf(path);
    expect(key).toMatch(/^file:posts\.jsonl:[0-9a-f]{32}$/);
    expect(await keyOf(path)).toBe(key);
    expect(await keyOf(join(directory, '.', '..', directory.split('/').at(-1) ?? '', 'posts.jsonl'))).toBe(key);
    await symlink(directory, `${directory}-link`);
    try {
      expect(await keyOf(join(`${directory}-link`, 'posts.jsonl'))).toBe(key);
    } finally {
      await rm(`${directory}-link`);
    }
  });

  it.each<[what: string, change: () => Promise<unknown>]>([
    ['it has grown', () => appendFile(path, '{"a":2}\n')],
    ['it was written again', () => writeFile(path, '{"a":3}\n')],
    [
      'it was written again a microsecond later',
      async () => {
        const { mtimeNs, atime } = await stat(path, { bigint: true });
        await utimes(path, atime, Number(mtimeNs / 1_000n + 1n) / 1e6);
      },
    ],
  ])('differs when %s', async (_, change) => {
    const before = await keyOf(path);
    await change();
    expect(await keyOf(path)).not.toBe(before);
  });

  it.each<[what: string, make: (other: string) => Promise<unknown>]>([
    ['a copy', (other) => copyFile(path, other)],
    ['another name of it', (other) => link(path, other)],
  ])('differs for %s', async (_, make) => {
    const other = join(directory, 'other.jsonl');
    await make(other);
    expect(await keyOf(other)).not.toBe(await keyOf(path));
  });

  it.each([
    { into: 'hybrid' },
    { disposition: 'append' },
    { format: 'csv' as const },
    { sourceForm: { rename: 'a=b' } },
    { updateColumns: ['a'] },
    { keepColumns: ['a'] },
    { deleteWhen: 'a' },
  ])('differs with other load options: %j', async (meaning) => {
    expect(await keyOf(path, meaning)).not.toBe(await keyOf(path));
  });

  it('fits the column, whatever the file name', async () => {
    const long = join(directory, `${'😀'.repeat(60)}.jsonl`);
    await writeFile(long, '');
    expect(isLoadKey(await keyOf(long))).toBe(true);
  });

  it('cannot be made for a pipe', async () => {
    const stdin = await openSource('-');
    expect(() => resumeKey(stdin, MEANING)).toThrow('standard input has none of them. Use --load-key instead.');
    await expect(keyOf('/dev/null')).rejects.toThrow('/dev/null has none');
  });
});
