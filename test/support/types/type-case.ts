/** Marks a value that must be rejected. */
export const REJECTED = Symbol('rejected');

/** A value for a column, and the text that Postgres must show for it afterwards; null is null. */
export type TypeCase = readonly [value: unknown, reads: string | null | typeof REJECTED];

/** A type of columns, as in CREATE TABLE, and values for it. */
export interface TypeCases {
  readonly type: string;
  /** An extension the type belongs to. */
  readonly extension?: string;
  readonly cases: readonly TypeCase[];
  /** Values that a file writes in another way, or not at all. */
  readonly onlyObjects?: readonly TypeCase[];
}
