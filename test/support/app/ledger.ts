import { expect } from '@jest/globals';

const COUNTS = [
  'received',
  'inserted',
  'updated',
  'unchanged',
  'deleted',
  'duplicates',
  'skipped',
  'rejected',
  'failed',
] as const;

type Counts = Readonly<Record<(typeof COUNTS)[number], number>>;

/** Asks the database. */
type Query = (sql: string, parameters: unknown[]) => Promise<Record<string, unknown>[]>;

interface Batch {
  readonly first: number;
  readonly end: number;
  readonly counts: { readonly version: number; readonly tables: readonly Counts[] };
}

/**
 * Expects the ledger of the load of a key, into one table, to agree with itself: each position of the input in exactly
 * one batch, the batches summing up to the account of the load, each rejected record in quarantine once.
 * @returns the account of the load
 */
export async function checkedLedger(query: Query, loadKey: string): Promise<Counts & { readonly status: string }> {
  const loads = await query(
    `SELECT id, status, ${COUNTS.map((name) => `${name}::integer`).join(', ')} FROM storage_loads WHERE load_key = $1`,
    [loadKey],
  );
  expect(loads).toHaveLength(1);
  const { id, status, ...account } = loads[0] as unknown as Counts & { id: string; status: string };
  const batches = (await query(
    `SELECT first_position::integer AS first, end_position::integer AS end, counts
       FROM storage_load_batches WHERE load_id = $1 ORDER BY first_position`,
    [id],
  )) as unknown as Batch[];
  const ends = batches.map(({ end }) => end);
  expect(batches.map(({ first }) => first)).toEqual([0, ...ends.slice(0, -1)]);
  expect(ends.at(-1)).toBe(account.received);
  for (const name of COUNTS) {
    expect(batches.reduce((total, { counts }) => total + (counts.tables[0]?.[name] ?? NaN), 0)).toBe(account[name]);
  }
  const kept = await query(
    `SELECT count(*)::integer AS n, count(DISTINCT position)::integer AS places
       FROM storage_rejected_records WHERE load_id = $1`,
    [id],
  );
  expect(kept).toEqual([{ n: account.rejected, places: account.rejected }]);
  return { ...account, status };
}
