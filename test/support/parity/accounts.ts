import { expect } from '@jest/globals';

import type { HybridResult, LoadCounts } from '../../../src/index.js';
import type { StorageApp } from '../app/storage-app.js';

/** Fails unless every record that came in is in exactly one count, and `storage_loads` says the same. */
export async function expectAccounted(
  app: StorageApp,
  result: LoadCounts & { readonly loadId: string },
): Promise<void> {
  const { received, inserted, updated, unchanged, deleted, duplicates, skipped, rejected, failed } = result;
  expect(inserted + updated + unchanged + deleted + duplicates + skipped + rejected + failed).toBe(received);
  expect(await entryOf(app, result.loadId)).toMatchObject({
    received,
    inserted,
    updated,
    unchanged,
    deleted,
    duplicates,
    skipped,
    rejected,
    failed,
  });
}

/** The same law for a load into both tables, which counts hybrid records as stored. */
export async function expectHybridAccounted(app: StorageApp, result: HybridResult): Promise<void> {
  const { received, stored, duplicates, skipped, rejected, failed } = result;
  expect(stored + duplicates + skipped + rejected + failed).toBe(received);
  expect(await entryOf(app, result.loadId)).toMatchObject({ received, stored, duplicates, skipped, rejected, failed });
}

/** What `storage_loads` holds of a load. */
export async function entryOf(app: StorageApp, loadId: string): Promise<Record<string, unknown> | undefined> {
  const [entry] = await app.rows(
    `SELECT status, error_code, error_message, received::integer, stored::integer, inserted::integer, updated::integer,
            unchanged::integer, deleted::integer, duplicates::integer, skipped::integer, rejected::integer, failed::integer
       FROM storage_loads WHERE id = $1`,
    [loadId],
  );
  return entry;
}

/** The input ranges of a load's committed batches, in order. */
export async function committedBatches(app: StorageApp, loadId: string): Promise<[first: number, end: number][]> {
  const batches = await app.rows<{ first: number; end: number }>(
    `SELECT first_position::integer AS first, end_position::integer AS end
       FROM storage_load_batches WHERE load_id = $1 ORDER BY batch_no`,
    [loadId],
  );
  return batches.map(({ first, end }) => [first, end]);
}
