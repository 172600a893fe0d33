/** A temporary table that lives until the end of its transaction. */
export interface TemporaryTable {
  /** The name in every other statement: qualified, so that no table of the database can be meant. */
  readonly qualified: string;
  /** Creates the table, unless this transaction has it already. */
  readonly create: string;
}

/** @param definitions - columns and constraints, as SQL */
export function temporaryTable(name: string, definitions: readonly string[]): TemporaryTable {
  return {
    qualified: `pg_temp.${name}`,
    create: `CREATE TEMPORARY TABLE IF NOT EXISTS ${name} (${definitions.join(', ')}) ON COMMIT DROP`,
  };
}
