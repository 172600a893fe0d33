import type { LoadJob } from './load-job.js';
import type { Row } from './row.js';

/** A record on its way into the tables, with the records folded into it. */
export interface LoadUnit {
  /** Position in the input, from 0. */
  readonly position: number;
  /** The record as it came, for quarantine. */
  readonly source: unknown;
  /** Equal exactly when Postgres finds the keys equal; undefined without a key. */
  readonly key: string | undefined;
  /** One row for each target; undefined where the record has nothing for that table. */
  readonly rows: readonly (Row | undefined)[];
  /** The records folded into this one, in input order; empty when it is a single record. */
  readonly parts: readonly LoadUnit[];
}

/** The columns of a key are joined by a character no text in Postgres can hold. */
export const KEY_SEPARATOR = '\0';

/** The single records of a unit. */
export function partsOf(unit: LoadUnit): readonly LoadUnit[] {
  return unit.parts.length === 0 ? [unit] : unit.parts;
}

/** The texts of a record's key, from the first table it has a row for; undefined when the database makes the key. */
export function keyValuesOf(job: LoadJob, rows: readonly (Row | undefined)[]): string[] | undefined {
  const target = rows.findIndex((row) => row !== undefined);
  const values = job.targets[target]?.key.map((column) => rows[target]?.values[column.index]) ?? [];
  return values.length > 0 && values.every((value) => typeof value === 'string') ? values : undefined;
}

/** Longer keys are cut where they only serve to find a record again. */
const MAX_KEY_SHOWN = 500;

/** A key as quarantine shows it. */
export function showKey(values: readonly string[]): string {
  return values.join(', ').slice(0, MAX_KEY_SHOWN).toWellFormed();
}
