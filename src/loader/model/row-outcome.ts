import type { ObjectLiteral } from 'typeorm';

import type { RejectReason } from '../../records/reject-reasons.js';
import type { LoadResult } from '../../results/load-result.js';

/**
 * Why a record was skipped: a column it must have for this table is absent, it has no row to update or delete, or a combined
 * load makes no parts of it.
 */
export type SkipReason = `missing_${string}` | 'not_stored' | 'no_parts';

/** What the database did with a row. */
export type WrittenOutcome = 'inserted' | 'updated' | 'unchanged';

/** What every outcome tells of its record. */
export interface OutcomeBase<E extends ObjectLiteral> {
  /** Position in the input, from 0. */
  readonly position: number;
  /**
   * The key by property name: as it is stored. Of a rejected or skipped record as the record carries it; undefined where it
   * does not.
   */
  readonly key: Partial<E> | undefined;
}

/** A record whose row is stored. */
export interface StoredOutcome<
  E extends ObjectLiteral = ObjectLiteral,
  K extends keyof E = keyof E,
> extends OutcomeBase<E> {
  /**
   * `duplicate`: a later record of the load has the same key (in an insert an earlier one, which is stored), and `row` is the
   * one that both became.
   */
  readonly outcome: WrittenOutcome | 'duplicate';
  readonly key: Partial<E>;
  /** The columns that `returning` names, as in an entity that TypeORM has read. */
  readonly row: Pick<E, K>;
}

/** A record that has deleted its row. */
export interface DeletedOutcome<
  E extends ObjectLiteral = ObjectLiteral,
  K extends keyof E = keyof E,
> extends OutcomeBase<E> {
  readonly outcome: 'deleted';
  readonly key: Partial<E>;
  /** The columns that `returning` names, as they were stored. */
  readonly row: Pick<E, K>;
}

/** A record that is not meant for the table, or has no row to update or delete. */
export interface SkippedOutcome<E extends ObjectLiteral = ObjectLiteral> extends OutcomeBase<E> {
  readonly outcome: 'skipped';
  readonly reason: SkipReason;
}

/** A record in quarantine. */
export interface RejectedOutcome<E extends ObjectLiteral = ObjectLiteral> extends OutcomeBase<E> {
  readonly outcome: 'rejected';
  readonly reason: RejectReason;
  readonly column: string | undefined;
  /** Without a value of the record. */
  readonly message: string;
}

/** What became of one record of a load. */
export type RowOutcome<E extends ObjectLiteral = ObjectLiteral, K extends keyof E = keyof E> =
  | StoredOutcome<E, K>
  | DeletedOutcome<E, K>
  | SkippedOutcome<E>
  | RejectedOutcome<E>;

/** A record whose rows are stored in several tables. */
export interface StoredRecord extends Pick<OutcomeBase<ObjectLiteral>, 'position'> {
  /**
   * `duplicate`: earlier records of the load have brought all of its rows. Of a hybrid load: a later record has the same
   * submission id.
   */
  readonly outcome: 'stored' | 'duplicate';
}

/** What became of one record of a load into several tables that was not rejected, as its result counts it. */
export type CombinedOutcome = StoredRecord | Omit<SkippedOutcome, 'key'>;

/** What became of one record, whatever its load. */
export type AnyOutcome = RowOutcome | CombinedOutcome | Omit<RejectedOutcome, 'key'>;

/** The result of a load with `returning`. */
export interface LoadResultWithRows<
  E extends ObjectLiteral = ObjectLiteral,
  K extends keyof E = keyof E,
> extends LoadResult {
  /** What became of each record, in input order; empty where `alreadyCompleted`. */
  readonly rows: readonly RowOutcome<E, K>[];
}

/** What a load was told of a record when it was read, where the caller asks what became of each. */
export interface ReadRecord {
  readonly position: number;
  /** The key as the record carries it. */
  readonly key: ObjectLiteral | undefined;
  /** Why it is not written, though it was not rejected. */
  readonly skipped: SkipReason | undefined;
}

/** What a statement did with a row. */
export type StatementOutcome = WrittenOutcome | 'deleted' | 'skipped';

/** A record of a load into one table that a statement was given, with the returned columns as pg has read them. */
export interface WrittenRecord {
  readonly position: number;
  readonly outcome: StatementOutcome | 'duplicate';
  /** Of a skipped record nulls. */
  readonly values: readonly unknown[];
}
