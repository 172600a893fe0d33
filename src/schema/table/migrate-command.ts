import type { DataSource } from 'typeorm';

import { hasEnrichment } from './has-enrichment.js';

/** The modules from which the command line has imported a DataSource. */
const files = new WeakMap<DataSource, string>();

/** Remembers that the command line knows this DataSource by the file that exports it. */
export function rememberFile(dataSource: DataSource, file: string): void {
  files.set(dataSource, file);
}

/** The command that brings the schema of this package up to date, in the database of this DataSource. */
export function migrateCommand(dataSource: DataSource): string {
  const file = files.get(dataSource);
  const isByFlag = file === undefined && hasEnrichment(dataSource);
  return `npx ${commandFor('migrate up', file)}${isByFlag ? ' --enrichment' : ''}`;
}

/** A command for the DataSource of a file, if one is given; quoted for a shell, where that needs it. */
export function commandFor(command: string, file: string | undefined): string {
  const quoted =
    file === undefined || /^[\w./@:+-]+$/.test(file) ? file : `'${file.replaceAll("'", String.raw`'\''`)}'`;
  return `harbor-storage ${command}${quoted === undefined ? '' : ` -d ${quoted}`}`;
}
