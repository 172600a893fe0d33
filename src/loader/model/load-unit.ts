import type { LoadJob, Target } from './load-job.js';
import { valueAt } from './packed-row.js';
import type { Row } from './row.js';

/** A record on its way into the tables, with the records folded into it. */
export interface LoadUnit {
  /** Position in the input, from 0. */
  readonly position: number;
  /** The record as it came, for quarantine. */
  readonly source: unknown;
  /** Identity of the key. Equal for two units exactly when Postgres finds their keys equal; undefined without a key. */
  readonly key: string | undefined;
  /** One row for each target; undefined where the record has nothing for that table. */
  readonly rows: readonly (Row | undefined)[];
  /** Further rows for each target, where a record has several for a table. */
  readonly more?: readonly (readonly Row[])[] | undefined;
  /** All of its rows with their keys, where these are not the record's. */
  readonly keyedRows?: readonly KeyedRow[] | undefined;
  /** The records folded into this one, in input order; empty when it is a single record. */
  readonly parts: readonly LoadUnit[];
}

/** A row with a key of its own. */
export interface KeyedRow {
  /** Place of its table among the load's. */
  readonly target: number;
  readonly row: Row;
  /** Identity of the key. Equal for two rows exactly when they are of one table, and Postgres finds their keys equal. */
  readonly key: string;
}

/** A column of a record's key: its text, or null where that is a value of the key. */
export type KeyValue = string | null;

/** The columns of a key are joined by a character no text in Postgres can hold; it also stands for null. */
const KEY_SEPARATOR = '\0';

/** The rows that units have for a table. */
export function rowsFor(units: readonly LoadUnit[], target: number): Row[] {
  const found: Row[] = [];
  for (const { rows, more } of units) {
    const row = rows[target];
    if (row !== undefined) {
      found.push(row, ...(more?.[target] ?? []));
    }
  }
  return found;
}

/** The rows of a record with their keys. */
export function keyedRowsOf(targets: readonly Target[], { rows, more }: Pick<LoadUnit, 'rows' | 'more'>): KeyedRow[] {
  return targets.flatMap((target, index) =>
    // A record without a key was rejected.
    [rows[index] ?? [], more?.[index] ?? []]
      .flat()
      .map((row) => ({ target: index, row, key: `${index} ${identityOfRow(target, row) as string}` })),
  );
}

/** The single records of a unit. */
export function partsOf(unit: LoadUnit): readonly LoadUnit[] {
  return unit.parts.length === 0 ? [unit] : unit.parts;
}

/** Whether a unit deletes its row. */
export function isDeletion({ rows }: LoadUnit): boolean {
  return rows.some((row) => row?.deletes === true);
}

/** A record's key, from the first table it has a row for; undefined when the database makes the key. */
export function keyValuesOf(job: LoadJob, rows: readonly (Row | undefined)[]): KeyValue[] | undefined {
  const target = rows.findIndex((row) => row !== undefined);
  return target === -1 ? undefined : keyValuesOfRow(job.targets[target] as Target, rows[target] as Row);
}

/**
 * The identity of a record's key, not its value: the same for keys that Postgres finds equal, unless only Postgres knows which are.
 * Undefined when the database makes the key.
 */
export function identityOf(job: LoadJob, rows: readonly (Row | undefined)[]): string | undefined {
  const target = rows.findIndex((row) => row !== undefined);
  return target === -1 ? undefined : identityOfRow(job.targets[target] as Target, rows[target] as Row);
}

/** As {@link identityOf}, for the key of a row. */
export function identityOfRow(target: Pick<Target, 'key'>, row: Row): string | undefined {
  const texts = keyValuesOfRow(target, row)?.map((value, index) =>
    value === null ? KEY_SEPARATOR : (target.key[index]?.canonical?.(value) ?? value),
  );
  return texts?.join(KEY_SEPARATOR);
}

/** The key of a row; undefined when the database makes it. */
export function keyValuesOfRow({ key }: Pick<Target, 'key'>, row: Row): KeyValue[] | undefined {
  const values: KeyValue[] = [];
  for (const { index, nullIsKey } of key) {
    const value = valueAt(row, index);
    if (typeof value !== 'string' && !(value === null && nullIsKey)) {
      return undefined;
    }
    values.push(value);
  }
  return values.length > 0 ? values : undefined;
}

/** Longer keys are cut where they only serve to find a record again. */
const MAX_KEY_SHOWN = 500;

/** A key as quarantine shows it. */
export function showKey(values: readonly KeyValue[]): string {
  return values.join(', ').slice(0, MAX_KEY_SHOWN).toWellFormed();
}
