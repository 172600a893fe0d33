import type { DataSource } from 'typeorm';

/** The modules from which the command line has imported a DataSource. */
const files = new WeakMap<DataSource, string>();

/** Remembers that the command line knows this DataSource by the file that exports it. */
export function rememberFile(dataSource: DataSource, file: string): void {
  files.set(dataSource, file);
}

/** The command that brings the schema of this package up to date, in the database of this DataSource. */
export function migrateCommand(dataSource: DataSource): string {
  const file = files.get(dataSource);
  return `npx harbor-storage migrate up${file === undefined ? '' : ` -d ${quoted(file)}`}`;
}

/** For a shell, where it needs that. */
function quoted(file: string): string {
  return /^[\w./@:+-]+$/.test(file) ? file : `'${file.replaceAll("'", String.raw`'\''`)}'`;
}
