import type { StoppedResult } from '../results/stopped-result.js';
import { StorageError } from './storage-error.js';

/** What differs. */
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
  /** how Citus keeps the table */
  | 'distribution'
  | 'migration';

/** One difference between an entity and the live database. */
export interface SchemaDifference {
  readonly table: string;
  /** The column, or the columns of a key or index; absent if the whole table is concerned. */
  readonly column?: string | undefined;
  readonly kind: SchemaDifferenceKind;
  readonly expected: string;
  readonly actual: string;
  /** Whether it stops a load before it writes; other differences do not affect loads. */
  readonly breaks: boolean;
  /** The command or the SQL statement that fixes it. */
  readonly fix: string;
}

/** The live database does not match the entities. Thrown before the load, or its current batch, writes anything. */
export class SchemaMismatchError extends StorageError {
  override readonly name = 'SchemaMismatchError';
  /** The commands and statements that fix it. */
  readonly remedy: string;
  /** Result so far, if the table changed during the load; undefined before the load began. */
  readonly result: StoppedResult | undefined;

  constructor(
    readonly differences: readonly SchemaDifference[],
    options: ErrorOptions & { readonly result?: StoppedResult | undefined } = {},
  ) {
    const lines = differences.map(({ table, column, kind, expected, actual }) => {
      if (kind === 'migration') {
        return `migration ${expected} is ${actual}`;
      }
      const place = column === undefined ? `table ${table}` : `column ${table}.${column}`;
      return `${place}: expected ${expected}, found ${actual}`;
    });
    const remedy = [...new Set(differences.map(({ fix }) => fix))].join('; ');
    super('SCHEMA_MISMATCH', `Database schema mismatch: ${lines.join('; ')}. To fix: ${remedy}`, options);
    this.remedy = remedy;
    this.result = options.result;
  }
}
