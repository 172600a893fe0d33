import { escapeLiteral } from 'pg';

import { quoteIdentifier } from '../../../postgres/identifiers.js';
import { castFromJson, castToJson, type ColumnShape } from './column-types.js';

/** A field of the extra column and its new column. */
export interface PromotedField extends ColumnShape {
  readonly field: string;
  readonly column: string;
  /**
   * The column existed before the migration; the down migration keeps it with its values:
   * - `captured`: it is marked `@CapturedBefore()`, so values in the extra column are newer
   * - `filled`: it is not, so values are moved only where the column is empty
   */
  readonly existing?: 'captured' | 'filled' | undefined;
}

/** Target of a statement; the field names are its parameter `fieldsParameter`. */
export interface MoveTarget {
  readonly quotedTable: string;
  /** Quoted. */
  readonly extra: string;
  /** The name as in the catalog, unquoted. */
  readonly extraName: string;
  readonly fields: readonly PromotedField[];
}

/** SQL expressions for a field of a row `t`. */
interface FieldSql {
  readonly name: string;
  readonly column: string;
  /** Value in the extra column. */
  readonly held: string;
  /** The same cast to the column's type; null if it does not fit. */
  readonly cast: string;
  /** The column's value as jsonb. */
  readonly json: string;
  /** The column's value must not be replaced. */
  readonly onlyFills: boolean;
}

function sqlOf({ extra, fields }: MoveTarget, fieldsParameter: number): FieldSql[] {
  return fields.map((field, index) => {
    const name = `($${fieldsParameter}::text[])[${index + 1}]`;
    const column = `t.${quoteIdentifier(field.column)}`;
    const held = `(t.${extra} -> ${name})`;
    const [cast, json] = [castFromJson(field, held), castToJson(field, column)];
    return { name, column, held, cast, json, onlyFills: field.existing === 'filled' };
  });
}

/**
 * Moves fitting values from the extra column into the columns. If both have a value, the extra column's was captured after
 * a load wrote the column, see `CapturedBefore`. JSON nulls and values that do not fit stay, and leave the column as it
 * is: its value may come from SQL or TypeORM, which never clear the extra column.
 * One statement that refers to `t` only: after a concurrent change of a row, Postgres evaluates all of it on the new row.
 * on what that one left.
 */
export function moveToColumns(target: MoveTarget, where: string, fieldsParameter: number): string {
  const moves = sqlOf(target, fieldsParameter).map(moveOf);
  const set = moves.map(({ value }, index) => `${unqualified(target, index)} = ${value}`);
  const gone = moves.map(({ name, isGone }) => `CASE WHEN ${isGone} THEN ${name} END`);
  const isMoved = moves.map(({ isGone }) => isGone).join('\n    OR ');
  return `UPDATE ${target.quotedTable} AS t
  SET ${set.join(',\n    ')},
    ${target.extra} = NULLIF(t.${target.extra} - array_remove(ARRAY[${gone.join(', ')}], NULL), ${emptyIfNullable(target)})
  WHERE ${where} AND t.${target.extra} ?| $${fieldsParameter}::text[] AND (${isMoved})`;
}

/** `{}`, which then becomes null; no row if the column is NOT NULL. */
function emptyIfNullable({ quotedTable, extraName }: MoveTarget): string {
  return `(SELECT '{}'::jsonb FROM pg_catalog.pg_attribute AS a
      WHERE a.attrelid = ${escapeLiteral(quotedTable)}::regclass AND a.attname = ${escapeLiteral(extraName)} AND NOT a.attnotnull)`;
}

/** How one field is moved: the new column value, and when it is removed from the extra column. */
interface Move {
  readonly name: string;
  readonly value: string;
  readonly isGone: string;
}

function moveOf({ name, column, held, cast, json, onlyFills }: FieldSql): Move {
  if (onlyFills) {
    const isGone = `CASE WHEN ${column} IS NULL THEN (${cast}) IS NOT NULL ELSE (${json})::text = ${held}::text END`;
    return { name, value: `COALESCE(${column}, ${cast})`, isGone };
  }
  return { name, value: `COALESCE(${cast}, ${column})`, isGone: `(${cast}) IS NOT NULL` };
}

/**
 * Moves column values into the extra column. A value there is kept if the column is empty or the value fits the column: a
 * version that does not know the column wrote it later. A JSON null or a value that does not fit may have been left by
 * {@link moveToColumns} before the column was written, so the column's value replaces it.
 */
export function moveToExtra(target: MoveTarget, where: string, fieldsParameter: number): string {
  const fields = sqlOf(target, fieldsParameter);
  const members = fields.map(
    ({ name, column, cast, json }) =>
      `CASE WHEN ${column} IS NOT NULL AND (${cast}) IS NULL THEN jsonb_build_object(${name}, ${json}) ELSE '{}' END`,
  );
  const set = fields.map((_, index) => `${unqualified(target, index)} = NULL`);
  return `UPDATE ${target.quotedTable} AS t
  SET ${set.join(', ')},
    ${target.extra} = COALESCE(t.${target.extra}, '{}') || ${members.join('\n      || ')}
  WHERE ${where} AND (${fields.map(({ column }) => `${column} IS NOT NULL`).join(' OR ')})`;
}

/** Counts, for each field, the values left in the extra column; see {@link LeftInExtra}. */
export function countLeft(target: MoveTarget): string {
  const counts = sqlOf(target, 1).map(({ column, held, cast, onlyFills }, index) => {
    const isNull = `jsonb_typeof(${held}) = 'null'`;
    const fits = `(${cast}) IS NOT NULL`;
    const isBeside = `${column} IS NOT NULL AND ${onlyFills ? `(${fits} OR ${isNull})` : isNull}`;
    const count = (condition: string, name: string): string =>
      `count(*) FILTER (WHERE ${condition})::integer AS ${name}_${index}`;
    return [
      count(`NOT (${fits}) AND NOT (${isNull})`, 'unfitting'),
      count(isBeside, 'beside'),
      count(`${fits} AND NOT (${isBeside})`, 'late'),
    ].join(',\n    ');
  });
  return `SELECT ${counts.join(',\n    ')}
  FROM ${target.quotedTable} AS t WHERE t.${target.extra} ?| $1::text[]`;
}

function unqualified({ fields }: MoveTarget, index: number): string {
  return quoteIdentifier((fields[index] as PromotedField).column);
}
