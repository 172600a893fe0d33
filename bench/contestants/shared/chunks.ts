import type { BenchRecord } from '../../tables/data.js';
import type { BenchTable } from '../../report/table.js';

/**
 * The protocol counts the parameters of a statement in 16 bits: "up to 65535 query parameters",
 * https://www.postgresql.org/docs/current/limits.html
 */
const MAX_PARAMETERS = 65_535;

/**
 * The limit allows 2,047 rows of 32 columns. Measured from 50 rows up to the limit, TypeORM is a fifth faster with this
 * size; the query builders show no difference.
 */
const BEST_ROWS = 250;

/** Rows per statement, with one parameter per value. */
export function rowsAStatement({ columns }: BenchTable): number {
  return Math.min(BEST_ROWS, Math.floor(MAX_PARAMETERS / columns.length));
}

/** Note for the table of results. */
export function showChunks(table: BenchTable): string {
  return `${rowsAStatement(table).toLocaleString('en-US')} rows a statement, one transaction`;
}

export function* chunksOf<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < items.length; start += size) {
    yield items.slice(start, start + size);
  }
}

/** pg would convert arrays into Postgres arrays, so clients without a jsonb type need JSON. */
export function withJsonText({ columns }: BenchTable): (record: BenchRecord) => Record<string, unknown> {
  const names = columns.filter(({ type }) => type === 'jsonb').map(({ name }) => name);
  return (record) => {
    const row = { ...record };
    for (const name of names) {
      row[name] = JSON.stringify(row[name]);
    }
    return row;
  };
}
