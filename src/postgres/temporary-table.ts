/** A temporary table that lives until the end of its transaction. */
export interface TemporaryTable {
  /** The name in every other statement: qualified, so that no table of the database can be meant. */
  readonly qualified: string;
  readonly create: string;
  /** Creates the table, unless this transaction has it already. */
  readonly createIfMissing: string;
}

/** @param definitions - columns and constraints, as SQL */
export function temporaryTable(name: string, definitions: readonly string[]): TemporaryTable {
  const table = `${name} (${definitions.join(', ')}) ON COMMIT DROP`;
  return {
    qualified: qualifiedTemporary(name),
    create: `CREATE TEMPORARY TABLE ${table}`,
    createIfMissing: `CREATE TEMPORARY TABLE IF NOT EXISTS ${table}`,
  };
}

/** The qualified name of a temporary table. */
export function qualifiedTemporary(name: string): string {
  return `pg_temp.${name}`;
}
