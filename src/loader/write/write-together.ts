import type { ClientBase } from 'pg';

import type { WriteContext } from '../model/load-context.js';
import type { LoadUnit } from '../model/load-unit.js';
import { storedOutcome, type WriteOutcome } from './write-outcome.js';
import { writeRows } from './write-rows.js';
import type { WriteCounts } from './write-staged.js';

/**
 * Writes units, table by table: all or none.
 * @throws pg's DatabaseError
 */
export async function writeTogether(
  client: ClientBase,
  { job, loadId }: WriteContext,
  units: readonly LoadUnit[],
): Promise<WriteOutcome> {
  const counts: WriteCounts[] = [];
  for (const [index, target] of job.targets.entries()) {
    const rows = units.map((unit) => unit.rows[index]).filter((row) => row !== undefined);
    counts.push(await writeRows(client, target, loadId, rows));
  }
  return storedOutcome(units, counts);
}
