import type { ClientBase } from 'pg';

import { typeName } from './type-name.js';

/** What the values of a column are made of. A domain stands for the type it is over. */
export type ValueType = BaseType | ArrayType | RangeType;

/** A type of single values. */
export interface BaseType {
  readonly kind: 'base';
  /**
   * As format_type writes it, without its modifier; with the extension's name in front where it has one (`hstore.hstore`);
   * `enum` or `composite`; empty for other types of the database's own.
   */
  readonly name: string;
  /** With its modifier: `numeric(10,2)`, `interval day to second(3)`. */
  readonly fullType: string;
  /** Of money: 1234567.89 as the database prints it. */
  readonly moneySample?: string | undefined;
}

/** An array, of any number of dimensions. */
interface ArrayType {
  readonly kind: 'array';
  readonly element: ValueType;
  /** What separates elements in the text of an array: a comma, but for box. */
  readonly delimiter: string;
}

/** A range or a multirange. */
interface RangeType {
  readonly kind: 'range' | 'multirange';
  readonly bound: ValueType;
}

// A type has at most one type inside, so the parts of a column's type are a chain.
const PARTS = `
  WITH RECURSIVE part AS (
    SELECT a.attname, 0 AS depth, a.atttypid AS type, a.atttypmod AS modifier
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE n.nspname = $1 AND c.relname = $2
    UNION ALL
    SELECT p.attname, p.depth + 1, i.type, i.modifier
      FROM part p
      JOIN pg_catalog.pg_type t ON t.oid = p.type
     CROSS JOIN LATERAL (
           SELECT t.typbasetype AS type, t.typtypmod AS modifier WHERE t.typtype = 'd'
           UNION ALL
           SELECT e.oid, p.modifier FROM pg_catalog.pg_type e WHERE e.typarray = t.oid
           UNION ALL
           SELECT r.rngsubtype, -1 FROM pg_catalog.pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)) i
  )
  SELECT p.attname AS column,
         CASE WHEN t.typtype IN ('d', 'r', 'm') THEN t.typtype::text WHEN e.oid IS NOT NULL THEN 'a' ELSE 'b' END AS kind,
         e.typdelim AS delimiter,
         CASE WHEN t.typtype = 'e' THEN 'enum'
              WHEN t.typtype = 'c' THEN 'composite'
              WHEN n.nspname = 'pg_catalog' THEN ${typeName('t.oid', '-1')}
              ELSE coalesce(x.extname || '.' || t.typname, '') END AS name,
         ${typeName('t.oid', 'p.modifier')} AS full_type,
         CASE WHEN t.oid = 'pg_catalog.money'::pg_catalog.regtype
              THEN 1234567.89::numeric::money::text END AS money_sample
    FROM part p
    JOIN pg_catalog.pg_type t ON t.oid = p.type
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_type e ON e.typarray = t.oid
    LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid
          AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
    LEFT JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
   ORDER BY p.attname, p.depth DESC`;

interface PartRow {
  readonly column: string;
  readonly kind: 'a' | 'b' | 'd' | 'm' | 'r';
  readonly delimiter: string | null;
  readonly name: string;
  readonly full_type: string;
  readonly money_sample: string | null;
}

/** The types of a table's columns, by column name. */
export async function readValueTypes(
  client: ClientBase,
  schema: string,
  table: string,
): Promise<ReadonlyMap<string, ValueType>> {
  const { rows } = await client.query<PartRow>(PARTS, [schema, table]);
  const types = new Map<string, ValueType>();
  for (const row of rows) {
    types.set(row.column, wrap(types.get(row.column), row));
  }
  return types;
}

/** @param inner - the type inside; undefined for the innermost */
function wrap(inner: ValueType | undefined, row: PartRow): ValueType {
  if (inner === undefined || row.kind === 'b') {
    return { kind: 'base', name: row.name, fullType: row.full_type, moneySample: row.money_sample ?? undefined };
  }
  switch (row.kind) {
    case 'a':
      return { kind: 'array', element: inner, delimiter: row.delimiter ?? ',' };
    case 'd':
      return inner;
    default:
      return { kind: row.kind === 'r' ? 'range' : 'multirange', bound: inner };
  }
}
