import { isDeepStrictEqual } from 'node:util';

import { parseExactJson } from '../../files/json/parse-json-line.js';
import { atColumn, RejectedValue } from '../values/rejected-value.js';
import { toJsonText } from '../values/json-text.js';
import { checkText } from '../values/text-value.js';

/**
 * From this number of rows on, COPY is faster. `npm run bench:writers` measures it: on the server's machine COPY is slower
 * for 100 rows, because a temporary table costs round trips, and faster for 200.
 */
export const COPY_FROM_ROWS = 200;

/** A record in the form of a table: absent is undefined, null is null, every other value is Postgres text. */
export interface Row {
  readonly values: (string | null | undefined)[];
  /** Indexes of the values that only fill an empty column. */
  fills: Set<number> | undefined;
  /** Indexes of the values in which COPY may have to escape something. */
  special: readonly number[] | undefined;
  /** Captured fields: name → JSON text. */
  extra: Map<string, string> | undefined;
  /** The record deletes its row: only its key counts, and whether it is older than the stored row. */
  readonly deletes?: true;
}

/**
 * Puts a field without a column into the row's extra column.
 * @param column - the extra column, for messages
 * @throws RejectedValue when JSON cannot hold it, or the record carries it twice with different values
 */
export function captureField(row: Row, name: string, value: unknown, column: string | undefined): void {
  const text = atColumn(column, () => {
    checkText(name);
    return toJsonText(value);
  });
  const other = row.extra?.get(name);
  if (other !== undefined && !isSameJson(other, text)) {
    const message = `${column} and the record itself carry one field with different values`;
    throw new RejectedValue('conflicting_keys', message, column);
  }
  (row.extra ??= new Map()).set(name, text);
}

function isSameJson(one: string, other: string): boolean {
  return one === other || isDeepStrictEqual(parseExactJson(one), parseExactJson(other));
}

/** The captured fields as one JSON object; their values are JSON already. */
export function extraText({ extra }: Row): string | null {
  return extra === undefined
    ? null
    : `{${Array.from(extra, ([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
}

/** Characters of a row's values. */
export function charactersOf({ values, extra }: Row): number {
  let characters = 0;
  for (const value of values) {
    characters += value?.length ?? 0;
  }
  extra?.forEach((json) => (characters += json.length));
  return characters;
}

export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}
