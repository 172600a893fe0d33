import { isDeepStrictEqual } from 'node:util';

import { unkept } from '../../quarantine/raw-record.js';
import type { PlanColumn, RelationField } from '../model/load-plan.js';
import type { Row } from '../model/row.js';
import { plainValue } from '../values/json-text.js';
import { rejectedAt, RejectedValue } from '../values/rejected-value.js';
import { isPlainText } from '../values/text-value.js';
import type { Source } from './fallback-fields.js';

/** A record on its way into a row. */
export interface RowDraft {
  readonly row: Row;
  readonly source: Source;
  readonly textual: boolean;
  /** The values that transformers were given; rules are checked on these, not on the results. */
  given: Map<PlanColumn, unknown> | undefined;
  /** References, which are read last: the record may carry their columns, too. */
  references: Reference[] | undefined;
}

type Reference = readonly [name: string, field: RelationField, value: unknown];

/** Converts a value and puts it into the row. A quoted empty cell of a csv file is absent where it cannot be a value. */
export function setValue(draft: RowDraft, column: PlanColumn, value: unknown): void {
  const { row, textual } = draft;
  if (textual && value === '' && !column.takesEmptyText) {
    return;
  }
  if (column.takesText && typeof value === 'string' && isPlainText(value)) {
    row.values[column.index] = value;
    return;
  }
  if (column.hasTransformer) {
    (draft.given ??= new Map()).set(column, value);
  } else if (value === null) {
    row.values[column.index] = null;
    return;
  }
  try {
    if (typeof value === 'function' || typeof value === 'symbol') {
      throw new RejectedValue('unsupported_value', `no column takes a ${typeof value}`);
    }
    const text = column.convert(column.takesJson ? value : unkept(value), textual);
    row.values[column.index] = text;
    if (column.mayNeedEscape && text !== null && !isPlainText(text)) {
      row.special = row.special === undefined ? [column.index] : [...row.special, column.index];
    }
  } catch (error) {
    throw rejectedAt(column.name, error);
  }
}

/** A column must not have another value under its other name, or in the object of an embedded class. */
export function checkSameValue(source: Source, column: PlanColumn, property: string, value: unknown): void {
  const other = Object.hasOwn(source, column.name) ? source[column.name] : undefined;
  if (other !== undefined && !isDeepStrictEqual(plainValue(other), plainValue(value))) {
    throw conflictOf(column, property);
  }
}

/** The record says two things of one column. */
export function conflictOf(column: PlanColumn, property: string): RejectedValue {
  const message = `${column.name} and ${property} are one column with different values`;
  return new RejectedValue('conflicting_keys', message, column.name);
}

/** Instances of classes are records; arrays, Maps, Dates and the like are not. */
export function isPlainObject(value: unknown): value is Source {
  return Object.prototype.toString.call(value) === '[object Object]';
}
