import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';

import { StorageError } from '../../../errors/index.js';
import type { MigrationFile, MigrationOptions } from './migration-source.js';
import { toListText } from './source-text.js';

/** Where a migration was written. */
export interface WrittenMigration {
  readonly path: string;
  readonly className: string;
  /** The index file that lists it now; undefined where the folder has none. */
  readonly registeredIn: string | undefined;
}

/** Something a migration can be made of. */
interface MigrationSource {
  migration(options?: MigrationOptions): MigrationFile | undefined;
  isPendingIn(source: string): boolean;
}

/** This package's own name: in its repository, migrations import it by path. */
const PACKAGE = 'harbor-storage';
const OWN_MODULES = 'src/schema/propose/alter';

/**
 * Writes the migration of a proposal into a folder. Where the folder's `index.ts` exports one list of migrations, as
 * the one of this package does, it is added there.
 * @returns undefined when there is nothing to migrate
 * @throws StorageError `MIGRATION_PENDING` when one of the folder does some of it already, and is still to be run
 * @throws StorageError `FILE_EXISTS`
 */
export async function writeMigration(
  proposal: MigrationSource,
  folder: string,
  options: MigrationOptions = {},
): Promise<WrittenMigration | undefined> {
  const importFrom = options.importFrom ?? (await importPath(folder));
  const file = proposal.migration({ ...options, importFrom });
  if (file === undefined) {
    return undefined;
  }
  const pending = await findPendingMigration(proposal, folder);
  if (pending !== undefined) {
    throw new StorageError(
      'MIGRATION_PENDING',
      `${pending} does some of this already, and the database does not have it: run it first (migration:run), ` +
        'or delete it if it is not wanted',
    );
  }
  await mkdir(folder, { recursive: true });
  const path = join(folder, file.fileName);
  try {
    await writeFile(path, file.source, { flag: 'wx' });
  } catch (error) {
    throw new StorageError('FILE_EXISTS', `${path} could not be written: is there a file of that name?`, {
      cause: error,
    });
  }
  return { path, className: file.className, registeredIn: await register(folder, file) };
}

/** The migration of a folder that does some of what is proposed, and that the database does not have. */
export async function findPendingMigration(proposal: MigrationSource, folder: string): Promise<string | undefined> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  for (const name of names.filter((file) => /(?<!\.d)\.ts$/.test(file)).sort()) {
    const path = join(folder, name);
    if (proposal.isPendingIn(await readFile(path, 'utf8'))) {
      return path;
    }
  }
  return undefined;
}

/** `harbor-storage`, or the way to its source from a folder of its own repository. */
async function importPath(folder: string): Promise<string> {
  for (let directory = resolve(folder); ; directory = dirname(directory)) {
    const manifest = join(directory, 'package.json');
    if (existsSync(manifest)) {
      const { name } = JSON.parse(await readFile(manifest, 'utf8')) as { name?: unknown };
      return name === PACKAGE ? `${relative(resolve(folder), join(directory, OWN_MODULES))}/` : PACKAGE;
    }
    if (directory === dirname(directory)) {
      return PACKAGE;
    }
  }
}

const LIST = /^(export const \w+(?:: [^=]+)? = )\[([\w\s,]*)\](;?)$/m;

async function register(folder: string, { fileName, className }: MigrationFile): Promise<string | undefined> {
  const path = join(folder, 'index.ts');
  const text = existsSync(path) ? await readFile(path, 'utf8') : '';
  const list = LIST.exec(text);
  if (list === null) {
    return undefined;
  }
  const [whole, before = '', names = '', after = ''] = list;
  const listed = names
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const statement = `import { ${className} } from './${fileName.replace(/\.ts$/, '.js')}';\n`;
  const imports = [...text.matchAll(/^import .*\n/gm)].at(-1);
  const end = imports === undefined ? 0 : imports.index + imports[0].length;
  const registered = text.slice(0, end) + statement + text.slice(end);
  await writeFile(
    path,
    registered.replace(whole, () => toListText(before, [...listed, className], after)),
  );
  return path;
}
