import { createHash } from 'node:crypto';
import { access, constants, mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errorCode, errorMessage } from '../../errors/error-text.js';
import { StorageError } from '../../errors/storage-error.js';
import { ignoring } from '../system/system-errors.js';
import { ServerAccount } from './server-account.js';
import { rejectForeignLinks } from './foreign-links.js';
import { rejectPreparedByOthers } from './prepared-by-others.js';
import { prepareSystemDirectory, systemDirectoryPath } from './system-directory.js';

const OTHER_ACCOUNT = '. Use a directory of your own account, or run as the account that owns this one.';

/** The directory of one embedded server. */
export class Home {
  constructor(
    readonly path: string,
    readonly account: ServerAccount,
  ) {}

  /** Postgres' own data directory. */
  get cluster(): string {
    return join(this.path, 'pgdata');
  }

  get passwordFile(): string {
    return join(this.path, 'password');
  }

  get log(): string {
    return join(this.path, 'server.log');
  }

  get previousLog(): string {
    return join(this.path, 'server.previous.log');
  }
}

/**
 * Finds or creates the home for the requested directory: that directory itself or, if the server's account cannot enter
 * it, always the same one in a system directory.
 */
export async function prepareHome(wantedDir: string): Promise<Home> {
  const wanted = resolve(wantedDir);
  try {
    await rejectForeignLinks(wanted);
    await rejectPreparedByOthers(wanted);
    await mkdir(dirname(wanted), { recursive: true });
    const home = await chooseHome(wanted);
    await mkdir(home.path, { mode: 0o700 }).catch(ignoring('EEXIST'));
    await handOver(home);
    await access(home.path, constants.R_OK | constants.W_OK | constants.X_OK);
    return home;
  } catch (error) {
    if (error instanceof StorageError) throw error;
    const wayOut = errorCode(error) === 'EACCES' ? OTHER_ACCOUNT : '';
    throw new StorageError(
      'EMBEDDED_POSTGRES_DATA_DIR',
      `Could not use the data directory ${wanted}: ${errorMessage(error)}${wayOut}`,
      { cause: error },
    );
  }
}

async function chooseHome(wanted: string): Promise<Home> {
  const account = await ServerAccount.forDirectory(wanted);
  const asWanted = new Home(wanted, account);
  if (process.getuid?.() !== 0 || (await hasCluster(asWanted))) return asWanted;

  const hash = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  const elsewhere = join(systemDirectoryPath(), `${basename(wanted)}-${hash}`);
  const moved = new Home(elsewhere, await ServerAccount.forDirectory(elsewhere));
  // A cluster created in the system directory stays there, even if the requested path is accessible by now.
  if (!(await hasCluster(moved)) && (await account.canEnter(dirname(wanted)))) return asWanted;
  await prepareSystemDirectory();
  return moved;
}

async function hasCluster(home: Home): Promise<boolean> {
  return access(home.cluster).then(
    () => true,
    () => false,
  );
}

/** Gives root's new directory to the server's account. */
async function handOver({ path, account }: Home): Promise<void> {
  if (process.getuid?.() !== 0) return;
  // In this order: a concurrent start changes the owner before it adds files. So a directory with files that still belongs
  // to root was not created by us.
  const entries = await readdir(path);
  if ((await stat(path)).uid !== 0) return;
  if (entries.length > 0) {
    throw new StorageError(
      'EMBEDDED_POSTGRES_DATA_DIR',
      `The data directory ${path} belongs to root and is not empty. Choose another one, or give it to an ordinary user.`,
    );
  }
  // Only links of root are left on this path.
  await account.give(await realpath(path));
}
