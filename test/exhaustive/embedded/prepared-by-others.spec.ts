import { chmod, chown, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startEmbeddedPostgres } from '../../../src/embedded/embedded-postgres.js';
import { withTemporaryDir } from '../../support/processes/embedded-processes.js';

const NOBODY = 65_534;
/** Only root can create directories of other accounts. */
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write('skipped: directories of other accounts: the tests do not run as root\n');
const describeAsRoot = isRoot ? describe : describe.skip;

const fast = (dataDir: string): ReturnType<typeof startEmbeddedPostgres> =>
  startEmbeddedPostgres({ dataDir, durable: false });

describeAsRoot('a directory that another account could have prepared', () => {
  /** Where everybody may create files, an account has created a home for others to use. */
  const withPrepared = (mode: number, work: (prepared: string, dataDir: string) => Promise<void>): Promise<void> =>
    withTemporaryDir(async (directory) => {
      const prepared = join(directory, '.harbor-storage');
      const dataDir = join(prepared, 'postgres-18');
      await mkdir(dataDir, { recursive: true });
      await chown(prepared, NOBODY, NOBODY);
      await chown(dataDir, NOBODY, NOBODY);
      await chmod(directory, mode);
      await work(prepared, dataDir);
    });

  it.each(['1777', '777', '775'])('is not used (mode %s)', async (mode) => {
    await withPrepared(Number.parseInt(mode, 8), async (prepared, dataDir) => {
      await expect(fast(dataDir)).rejects.toMatchObject({
        code: 'EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY',
        message: expect.stringContaining(`${prepared} belongs to uid ${NOBODY}`),
      });
      expect(await readdir(dataDir)).toEqual([]);
    });
  });

  it('is used when the working directory is of that account, or the account alone could have created it', async () => {
    const isUsed = async (dataDir: string): Promise<void> => {
      const postgres = await fast(dataDir);
      await postgres.stop();
      expect(postgres.dataDir).toBe(dataDir);
    };
    const before = process.cwd();
    await withPrepared(0o755, (_, dataDir) => isUsed(dataDir));
    await withPrepared(0o1777, async (prepared, dataDir) => {
      process.chdir(prepared);
      try {
        await isUsed(dataDir);
      } finally {
        process.chdir(before);
      }
    });
  });
});
