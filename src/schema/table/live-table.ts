import type { ClientBase } from 'pg';

/** A column as the live database has it. */
export interface LiveColumn {
  readonly name: string;
  /** Type without its modifier: `character varying`, `text[]`. */
  readonly type: string;
  /** Type with its modifier: `character varying(20)`. */
  readonly fullType: string;
  /** The same with its collation, where that is not the type's own: what another column of the kind is declared as. */
  readonly declaredType: string;
  readonly isEnum: boolean;
  readonly notNull: boolean;
  /** A default, or an identity the database fills. */
  readonly hasDefault: boolean;
  /** The default as SQL; undefined for an identity, and where there is none. */
  readonly defaultExpression: string | undefined;
  /** The database computes it; it cannot be written. */
  readonly readOnly: boolean;
  /** Equal values may differ in bytes (nondeterministic collation). */
  readonly looseEquality: boolean;
  /** That collation, quoted and qualified. */
  readonly collation: string | undefined;
}

/** A unique index that ON CONFLICT can use. */
interface LiveKey {
  readonly name: string;
  /** In index order. */
  readonly columns: readonly string[];
}

/** Any index of the table. */
export interface LiveIndex extends LiveKey {
  readonly isUnique: boolean;
  readonly isPrimary: boolean;
  /** A constraint stands behind it. */
  readonly isConstraint: boolean;
  /** Its building was not cut off. */
  readonly isValid: boolean;
  /** It has a WHERE. */
  readonly isPartial: boolean;
  /** ON CONFLICT can use it. */
  readonly isKey: boolean;
}

/** A CHECK constraint that looks at columns only. */
interface LiveCheck {
  readonly name: string;
  /** `CHECK (…)` */
  readonly definition: string;
  readonly columns: readonly string[];
}

/** A table as the live database has it. */
export interface LiveTable {
  readonly columns: ReadonlyMap<string, LiveColumn>;
  readonly uniqueKeys: readonly LiveKey[];
  readonly indexes: readonly LiveIndex[];
  readonly checks: readonly LiveCheck[];
  /** Some constraint can wait until COMMIT. */
  readonly hasDeferredConstraints: boolean;
  /** Row level security is on. */
  readonly rowSecurity: boolean;
}

// format_type with typmod -1 gives the name that casts without cutting: "character varying" in the place of
// "character varying(20)", bpchar in the place of character(1).
const COLUMNS = `
  SELECT a.attname AS name,
         format_type(a.atttypid, -1) AS type,
         format_type(a.atttypid, a.atttypmod) AS full_type,
         CASE WHEN a.attcollation <> t.typcollation
              THEN ' COLLATE ' || quote_ident(cn.nspname) || '.' || quote_ident(co.collname) ELSE '' END AS collate,
         t.typtype = 'e' AS is_enum,
         a.attnotnull AS not_null,
         a.atthasdef OR a.attidentity <> '' AS has_default,
         pg_get_expr(d.adbin, d.adrelid) AS default_expression,
         a.attgenerated <> '' OR a.attidentity = 'a' AS read_only,
         NOT coalesce(co.collisdeterministic, true) AS loose_equality,
         quote_ident(cn.nspname) || '.' || quote_ident(co.collname) AS collation,
         c.relrowsecurity AS row_security
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
    LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
   WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'r'
   ORDER BY a.attnum`;

// An index on an expression has no columns to name.
const INDEXES = `
  SELECT x.relname AS name,
         i.indisunique AS "isUnique",
         i.indisprimary AS "isPrimary",
         i.indisvalid AS "isValid",
         i.indpred IS NOT NULL AS "isPartial",
         EXISTS (SELECT FROM pg_catalog.pg_constraint k
                  WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid) AS "isConstraint",
         i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL AS "isKey",
         ARRAY(SELECT a.attname::text
                 FROM unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k(attnum, position)
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                WHERE i.indexprs IS NULL
                ORDER BY k.position) AS columns
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $2
   ORDER BY i.indisprimary DESC, i.indexrelid`;

// Of the whole row (column 0) and of the table's oid (below 0) only the table itself can be asked.
const CHECKS = `
  SELECT k.conname AS name,
         pg_get_constraintdef(k.oid) AS definition,
         ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) AS columns
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $2 AND k.contype = 'c' AND NOT coalesce(0 >= ANY (k.conkey), false)
   ORDER BY k.conname`;

const DEFERRED_CONSTRAINTS = `
  SELECT count(*)::integer AS count
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $2 AND k.condeferrable`;

interface ColumnRow {
  name: string;
  type: string;
  full_type: string;
  collate: string;
  is_enum: boolean;
  not_null: boolean;
  has_default: boolean;
  default_expression: string | null;
  read_only: boolean;
  loose_equality: boolean;
  collation: string;
  row_security: boolean;
}

/**
 * Reads a table from the catalog; undefined when there is none of that name. A partitioned one counts as none: its
 * INSERT cannot tell new rows from stored ones.
 */
export async function readLiveTable(client: ClientBase, schema: string, table: string): Promise<LiveTable | undefined> {
  const columns = await client.query<ColumnRow>(COLUMNS, [schema, table]);
  if (columns.rows.length === 0) {
    return undefined;
  }
  const indexes = await client.query<LiveIndex>(INDEXES, [schema, table]);
  const checks = await client.query<LiveCheck>(CHECKS, [schema, table]);
  const deferred = await client.query<{ count: number }>(DEFERRED_CONSTRAINTS, [schema, table]);
  return {
    columns: new Map(
      columns.rows.map((row) => [
        row.name,
        {
          name: row.name,
          type: row.type,
          fullType: row.full_type,
          declaredType: row.full_type + row.collate,
          isEnum: row.is_enum,
          notNull: row.not_null,
          hasDefault: row.has_default,
          defaultExpression: row.default_expression ?? undefined,
          readOnly: row.read_only,
          looseEquality: row.loose_equality || row.type.endsWith('citext'),
          collation: row.loose_equality ? row.collation : undefined,
        },
      ]),
    ),
    uniqueKeys: indexes.rows.filter(({ isKey }) => isKey),
    indexes: indexes.rows,
    checks: checks.rows,
    hasDeferredConstraints: deferred.rows[0]?.count !== 0,
    rowSecurity: columns.rows[0]?.row_security === true,
  };
}
