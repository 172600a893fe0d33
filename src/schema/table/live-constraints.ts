import type { ClientBase } from 'pg';

/** A constraint that can be deferred until COMMIT. */
interface DeferrableConstraint {
  /** The name as SQL, with its schema. */
  readonly quoted: string;
  readonly initiallyDeferred: boolean;
  /** Another constraint of the name cannot be deferred, so no statement can defer this one by its name. */
  readonly sharesName: boolean;
}

/** What the constraints of a table say about the order of its rows. */
export interface LiveConstraints {
  readonly deferrable: readonly DeferrableConstraint[];
  /** The tables it refers to by foreign keys, quoted and with their schemas. */
  readonly references: readonly string[];
}

const quoted = (schema: string, name: string): string =>
  `'"' || replace(${schema}, '"', '""') || '"."' || replace(${name}, '"', '""') || '"'`;

const CONSTRAINTS = `
  SELECT ${quoted('kn.nspname', 'k.conname')} AS quoted,
         k.condeferrable AS deferrable,
         k.condeferred AS "initiallyDeferred",
         EXISTS (SELECT FROM pg_catalog.pg_constraint o
                  WHERE o.conname = k.conname AND o.connamespace = k.connamespace AND NOT o.condeferrable) AS "sharesName",
         ${quoted('fn.nspname', 'f.relname')} AS "references"
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_namespace kn ON kn.oid = k.connamespace
    LEFT JOIN pg_catalog.pg_class f ON f.oid = k.confrelid
    LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
   WHERE n.nspname = $1 AND c.relname = $2 AND (k.condeferrable OR k.contype = 'f')
   ORDER BY k.conname`;

interface ConstraintRow extends DeferrableConstraint {
  readonly deferrable: boolean;
  readonly references: string | null;
}

/** Reads the foreign keys and the deferrable constraints of a table. */
export async function readLiveConstraints(client: ClientBase, schema: string, table: string): Promise<LiveConstraints> {
  const { rows } = await client.query<ConstraintRow>(CONSTRAINTS, [schema, table]);
  return {
    deferrable: rows.filter(({ deferrable }) => deferrable),
    references: rows.map(({ references }) => references).filter((name) => name !== null),
  };
}
