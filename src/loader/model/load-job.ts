import type { LoadEntity, UnknownFields } from '../../entities/index.js';
import type { Rejection } from '../../records/source-record.js';
import type { ResolvedLoadOptions } from './load-options.js';
import type { KeyColumn, KeyPredicate, LoadPlan, StoredColumn } from './load-plan.js';
import type { Row } from './row.js';
import type { SkipReason } from './row-outcome.js';

/** What a load gives back of each row. */
export interface ReturnedColumns {
  /** The columns of the key, then those that the caller asks for. */
  readonly columns: readonly StoredColumn[];
  readonly keyColumns: number;
}

/** A table a load writes to. */
export interface Target {
  readonly plan: LoadPlan;
  /** The key rows are found by; empty for an append into a table without one. */
  readonly key: readonly KeyColumn[];
  /** Which rows the key identifies, where it is a partial index. */
  readonly keyPredicate?: KeyPredicate | undefined;
  /**
   * What a write does with a row whose key is stored: merge it column by column, or fail (`insert`). Under `update` it
   * merges stored rows and skips the others.
   */
  readonly onConflict: 'merge' | 'update' | 'insert';
  /** Undefined where the caller does not ask what became of each record. */
  readonly returned?: ReturnedColumns | undefined;
}

/** A record in the form of one table, or why it is none. */
export type Normalized =
  | { readonly kind: 'row'; readonly row: Row; readonly unknown: ReadonlyMap<string, unknown> }
  | { readonly kind: 'skip'; readonly reason: SkipReason }
  | { readonly kind: 'rejection'; readonly rejection: Rejection };

/** A record in the form of every table of the load, or why it is none. */
export type Prepared =
  | {
      readonly kind: 'rows';
      /** One for each target; undefined where the record has nothing for that table. */
      readonly rows: readonly (Row | undefined)[];
      /** Further ones of each target, where the record has several for a table. */
      readonly more?: readonly (readonly Row[])[] | undefined;
      /** Fields without a column, captured or discarded by policy. */
      readonly unknown: Iterable<string>;
    }
  | Exclude<Normalized, { kind: 'row' }>;

/** What a load does: its tables, in the order they are written, and how a record becomes their rows. */
export interface LoadJob {
  /** Table name, `hybrid`, or the name of a combined load. */
  readonly name: string;
  readonly targets: readonly Target[];
  readonly options: ResolvedLoadOptions;
  readonly unknownFields: UnknownFields;
  /**
   * Each row of a record has a key of its own, which rows of other records may have, too. Otherwise all rows of a record
   * have one key.
   */
  readonly hasKeysApart: boolean;
  /** The names of the field that says whether a record deletes its row; undefined where none does. */
  readonly deletionNames?: readonly string[] | undefined;
  /** @param given - the record as its owner gave it */
  prepare(record: unknown, textual: boolean, given: unknown): Prepared;
}

/**
 * How many counts a load keeps: one for each table and, where no table has a row of every record, one for the records at
 * the end.
 */
export function tallyCount({ targets, hasKeysApart }: Pick<LoadJob, 'targets' | 'hasKeysApart'>): number {
  return targets.length + Number(hasKeysApart);
}

/** What the history keeps of the tables. */
export function optionsOfTables({
  targets,
  hasKeysApart,
}: LoadJob): Pick<NonNullable<LoadEntity['options']>, 'schema' | 'tables' | 'primaryKeys'> {
  const schema = targets[0]?.plan.schema;
  const keys = targets.map(({ plan, key }) => [plan.table, key.map(({ name }) => name)] as const);
  return {
    ...(schema !== undefined && { schema }),
    ...(hasKeysApart && { tables: keys.map(([table]) => table), primaryKeys: Object.fromEntries(keys) }),
  };
}

/** Whether the role may create temporary tables; they make loads faster, and a replace needs them. */
export function mayMakeTemporaryTables({ targets }: Pick<LoadJob, 'targets'>): boolean {
  return targets.every(({ plan }) => plan.live.temporaryGrant === undefined);
}
