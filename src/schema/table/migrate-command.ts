import type { DataSource } from 'typeorm';

import { hasEnrichment } from './has-enrichment.js';

/** The modules from which the command line has imported a DataSource. */
const files = new WeakMap<DataSource, string>();

/** Remembers that the command line knows this DataSource by the file that exports it. */
export function rememberFile(dataSource: DataSource, file: string): void {
  files.set(dataSource, file);
}

/** Stands for the file in a command where the DataSource is an application's, which only that knows. */
const FILE_OF_APPLICATION = '<file of your DataSource>';

/** DataSources that applications have handed over. */
const joined = new WeakSet<DataSource>();

/** Remembers that an application has made this DataSource, so that the URL of the command line may name another database. */
export function rememberJoined(dataSource: DataSource): void {
  joined.add(dataSource);
}

/** The command that brings the schema of this package up to date, in the database of this DataSource. */
export function migrateCommand(dataSource: DataSource): string {
  const file = files.get(dataSource);
  if (file === undefined && joined.has(dataSource)) {
    return `npx ${commandFor('migrate up', undefined)} -d ${FILE_OF_APPLICATION}`;
  }
  const isByFlag = file === undefined && hasEnrichment(dataSource);
  return `npx ${commandFor('migrate up', file)}${isByFlag ? ' --enrichment' : ''}`;
}

/** A command for the DataSource of a file, if one is given. */
export function commandFor(command: string, file: string | undefined): string {
  return `harbor-storage ${command}${file === undefined ? '' : ` -d ${inShell(file)}`}`;
}

/** A path as an argument of a command in a shell: quoted where it needs that. */
export function inShell(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
