import { expect } from '@jest/globals';
import type { Client } from 'pg';

const COUNTS = ['received', 'inserted', 'updated', 'unchanged', 'duplicates', 'skipped', 'rejected', 'failed'] as const;

/** An account of one table, in records. */
export type Account = Readonly<Record<(typeof COUNTS)[number], number>>;

/**
 * Expects the ledger of the load of a key to agree with itself: each position of the input in exactly one batch, the
 * batches summing up to the account of the load, each refused record in quarantine once.
 * @returns the account of the load
 */
export async function checkedLedger(client: Client, loadKey: string): Promise<Account & { readonly status: string }> {
  const load = await client.query(
    `SELECT id, status, ${COUNTS.map((name) => `${name}::integer`).join(', ')} FROM storage_loads WHERE load_key = $1`,
    [loadKey],
  );
  expect(load.rows).toHaveLength(1);
  const { id, status, ...account } = load.rows[0];
  const batches = await client.query(
    `SELECT first_position::integer AS first, end_position::integer AS end, counts
       FROM storage_load_batches WHERE load_id = $1 ORDER BY first_position`,
    [id],
  );
  const firsts = batches.rows.map(({ first }) => first);
  const ends = batches.rows.map(({ end }) => end);
  expect(firsts).toEqual([0, ...ends.slice(0, -1)]);
  expect(ends.at(-1)).toBe(account.received);
  const sum = (of: (counts: any) => number): number =>
    batches.rows.reduce((total, { counts }) => total + of(counts), 0);
  const ofTable = (name: string): number => sum(({ targets }) => targets[0][name]);
  const skipped = sum(({ skippedReasons }) =>
    Object.values<number>(skippedReasons).reduce((total, count) => total + count, 0),
  );
  expect(account).toEqual({
    received: sum(({ received }) => received),
    inserted: ofTable('inserted'),
    updated: ofTable('updated'),
    unchanged: ofTable('unchanged'),
    duplicates: ofTable('duplicates'),
    skipped: skipped + ofTable('notMeant'),
    rejected: sum(({ rejected }) => rejected),
    failed: 0,
  });
  const kept = await client.query<{ n: number; places: number }>(
    'SELECT count(*)::integer AS n, count(DISTINCT position)::integer AS places FROM storage_rejected_records WHERE load_id = $1',
    [id],
  );
  expect(kept.rows[0]).toEqual({ n: account.rejected, places: account.rejected });
  return { ...account, status };
}
