import { quoteIdentifier } from '../../postgres/identifiers.js';
import { castFromJson, castToJson, type ColumnShape } from './column-types.js';

/** A field of the extra column and the column it gets. */
export interface PromotedField extends ColumnShape {
  readonly field: string;
  readonly column: string;
  /** The column was there before the migration: going back leaves it, and its values in it. */
  readonly existing?: true;
}

/** A statement's text; the names of the fields are its parameter `fieldsParameter`. */
export interface MoveTarget {
  readonly quotedTable: string;
  /** Quoted. */
  readonly extra: string;
  readonly fields: readonly PromotedField[];
}

/** The SQL a field is spoken of with, of a row `t`. */
interface FieldSql {
  readonly name: string;
  readonly column: string;
  /** What the extra column holds. */
  readonly held: string;
  /** The same as a value of the column; null where it does not fit. */
  readonly cast: string;
  /** The column's value as jsonb. */
  readonly json: string;
}

function sqlOf({ extra, fields }: MoveTarget, fieldsParameter: number): FieldSql[] {
  return fields.map((field, index) => {
    const name = `($${fieldsParameter}::text[])[${index + 1}]`;
    const column = `t.${quoteIdentifier(field.column)}`;
    const held = `(t.${extra} -> ${name})`;
    return { name, column, held, cast: castFromJson(field, held), json: castToJson(field, column) };
  });
}

/**
 * Moves what fits from the extra column into columns that hold nothing, and drops it from the extra column where the
 * column says the same. One statement that speaks of `t` only: where another transaction changed a row meanwhile,
 * Postgres evaluates all of it on what that one left.
 */
export function moveToColumns(target: MoveTarget, where: string, fieldsParameter: number): string {
  const fields = sqlOf(target, fieldsParameter);
  const taken = fields.map(
    ({ column, held, cast, json }) =>
      `CASE WHEN ${column} IS NULL THEN (${cast}) IS NOT NULL ELSE (${json})::text = ${held}::text END`,
  );
  const set = fields.map(({ column, cast }, index) => `${unqualified(target, index)} = COALESCE(${column}, ${cast})`);
  const gone = fields.map(({ name }, index) => `CASE WHEN ${taken[index]} THEN ${name} END`);
  return `UPDATE ${target.quotedTable} AS t
  SET ${set.join(',\n    ')},
    ${target.extra} = NULLIF(t.${target.extra} - array_remove(ARRAY[${gone.join(', ')}], NULL), '{}')
  WHERE ${where} AND t.${target.extra} ?| $${fieldsParameter}::text[] AND (${taken.join('\n    OR ')})`;
}

/**
 * Moves the values of the columns into the extra column. A value there that would fit was captured after the columns
 * were filled, so it is the newer one and stays; one that would not fit was there before, and gives way.
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

/** Counts, for each field, what the extra column still holds of it: `unfitting` and `beside` a value of the column. */
export function countLeft(target: MoveTarget): string {
  const counts = sqlOf(target, 1).map(({ column, held, cast }, index) => {
    const isHeld = `jsonb_typeof(${held}) <> 'null'`;
    return `count(*) FILTER (WHERE ${isHeld} AND (${cast}) IS NULL)::integer AS unfitting_${index},
    count(*) FILTER (WHERE ${isHeld} AND (${cast}) IS NOT NULL AND ${column} IS NOT NULL)::integer AS beside_${index},
    count(*) FILTER (WHERE ${isHeld} AND (${cast}) IS NOT NULL AND ${column} IS NULL)::integer AS late_${index}`;
  });
  return `SELECT ${counts.join(',\n    ')}
  FROM ${target.quotedTable} AS t WHERE t.${target.extra} ?| $1::text[]`;
}

function unqualified({ fields }: MoveTarget, index: number): string {
  return quoteIdentifier((fields[index] as PromotedField).column);
}
