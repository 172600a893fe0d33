import { StorageError } from './storage-error.js';

/** One difference between what the entity says and what the live database has. */
export interface SchemaDifference {
  readonly table: string;
  /** Absent when the whole table is concerned. */
  readonly column?: string;
  readonly expected: string;
  readonly found: string;
}

/** The live database is not what the load needs. Thrown before anything is written. */
export class SchemaMismatchError extends StorageError {
  override readonly name = 'SchemaMismatchError';

  /** @param remedy - the command that mends it */
  constructor(
    readonly differences: readonly SchemaDifference[],
    readonly remedy: string,
  ) {
    const lines = differences.map(({ table, column, expected, found }) => {
      const place = column === undefined ? `table ${table}` : `column ${table}.${column}`;
      return `${place}: expected ${expected}, found ${found}`;
    });
    super('SCHEMA_MISMATCH', `The database does not fit: ${lines.join('; ')}. To mend it: ${remedy}`);
  }
}
