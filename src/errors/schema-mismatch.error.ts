import type { StoppedResult } from '../results/stopped-result.js';
import { StorageError } from './storage-error.js';

/** What kind of thing differs. */
export type SchemaDifferenceKind =
  | 'table'
  | 'column'
  /** a column the entity does not know */
  | 'extra column'
  | 'type'
  | 'nullability'
  | 'default'
  /** the database computes it */
  | 'generated'
  | 'primary key'
  | 'unique key'
  | 'index'
  | 'row level security'
  | 'migration';

/** One difference between what the entity says and what the live database has. */
export interface SchemaDifference {
  readonly table: string;
  /** The column, or those of a key or an index; absent when the whole table is concerned. */
  readonly column?: string | undefined;
  readonly kind: SchemaDifferenceKind;
  readonly expected: string;
  readonly actual: string;
  /** A load is stopped before it writes; the others leave loads alone. */
  readonly breaks: boolean;
  /** The command or the SQL statement that fixes it. */
  readonly fix: string;
}

/** The live database is not what the load needs. Thrown before the load, or the batch in hand, has written anything. */
export class SchemaMismatchError extends StorageError {
  override readonly name = 'SchemaMismatchError';
  /** The commands and statements that fix it. */
  readonly remedy: string;
  /** What the load had done when the table changed in the middle of it; undefined before it began. */
  readonly result: StoppedResult | undefined;

  constructor(
    readonly differences: readonly SchemaDifference[],
    options: ErrorOptions & { readonly result?: StoppedResult | undefined } = {},
  ) {
    const lines = differences.map(({ table, column, kind, expected, actual }) => {
      if (kind === 'migration') {
        return `the migration ${expected} is ${actual}`;
      }
      const place = column === undefined ? `table ${table}` : `column ${table}.${column}`;
      return `${place}: expected ${expected}, found ${actual}`;
    });
    const remedy = [...new Set(differences.map(({ fix }) => fix))].join('; ');
    super('SCHEMA_MISMATCH', `The database does not fit: ${lines.join('; ')}. To fix: ${remedy}`, options);
    this.remedy = remedy;
    this.result = options.result;
  }
}
