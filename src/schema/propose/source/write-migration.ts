import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';

import { StorageError } from '../../../errors/index.js';
import type { MigrationFile, MigrationOptions } from './migration-source.js';
import { toListText } from './source-text.js';

/** A written migration file. */
export interface WrittenMigration {
  readonly path: string;
  readonly className: string;
  /** The index file that now lists it; undefined if the folder has none. */
  readonly registeredIn: string | undefined;
}

/** A proposal with a migration. */
export interface MigrationSource {
  migration(options?: MigrationOptions): MigrationFile | undefined;
  isPendingIn(source: string): boolean;
}

/** Name of this package; migrations in its own repository import it by path. */
const PACKAGE = 'harbor-storage';
const OWN_MODULES = 'src/schema/propose/alter';

/**
 * Writes the migration of a proposal into a folder. If the folder's `index.ts` exports one list of migrations, as in this
 * package, the migration is added there.
 * @returns undefined if there is nothing to migrate
 * @throws StorageError `MIGRATION_PENDING` if a pending migration in the folder already covers part of it
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
      `A pending migration already covers part of this: ${pending}. Run it first (migration:run), ` +
        'or delete it if it is not needed.',
    );
  }
  await mkdir(folder, { recursive: true });
  const path = join(folder, file.fileName);
  try {
    await writeFile(path, file.source, { flag: 'wx' });
  } catch (error) {
    throw new StorageError('FILE_EXISTS', `Could not write ${path}: check whether the file already exists`, {
      cause: error,
    });
  }
  return { path, className: file.className, registeredIn: await register(folder, file) };
}

/** A pending migration in the folder that covers part of the proposal. */
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

/** `harbor-storage`, or the path to its source from a folder in its own repository. */
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

const LIST = /^(export const \w+(?:: (?:[^=]|=>)+)? = )\[([\w\s,]*)\](;?)$/m;

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
