import { InvalidLoadError } from '../errors/index.js';
import type { ClientBase } from 'pg';

import type { RejectedRecord } from '../quarantine/rejected-records.js';
import type { LoadJob, Target } from './load-job.js';
import { type LoadUnit, partsOf } from './load-unit.js';
import { joinOnKey } from './merge-statement.js';

/**
 * Keeps other writers, and other replaces, out until the end of the transaction (readers go on reading the old rows),
 * and deletes the rows the load does not bring. Those it brings are overwritten in place, so that rows of other tables
 * that point to them (ON DELETE CASCADE) are left alone.
 * @returns how many rows of each table were deleted
 */
export async function beginReplace(client: ClientBase, job: LoadJob, units: readonly LoadUnit[]): Promise<number[]> {
  const isolation = await client.query<{ transaction_isolation: string }>('SHOW transaction_isolation');
  if (isolation.rows[0]?.transaction_isolation !== 'read committed') {
    throw new InvalidLoadError(
      'A replace must see what others committed while it waited for its lock: begin the transaction as READ COMMITTED',
    );
  }
  const deleted: number[] = [];
  for (const { plan } of job.targets) {
    await client.query(`LOCK TABLE ${plan.quotedTable} IN SHARE ROW EXCLUSIVE MODE`);
  }
  for (const [index, target] of job.targets.entries()) {
    deleted.push(await deleteByKey(client, target, 'NOT EXISTS', keyValues(target, index, units)));
  }
  return deleted;
}

/**
 * A refused record is not part of the load, so the row it would have overwritten goes too.
 * @returns how many rows of each table were deleted
 */
export async function endReplace(
  client: ClientBase,
  job: LoadJob,
  units: readonly LoadUnit[],
  rejected: readonly RejectedRecord[],
): Promise<number[]> {
  const positions = new Set(rejected.map(({ position }) => position));
  const refused = new Map<string | undefined, LoadUnit>();
  const kept = new Set<string | undefined>();
  for (const unit of units.flatMap(partsOf)) {
    if (positions.has(unit.position)) {
      refused.set(unit.key, unit);
    } else {
      kept.add(unit.key);
    }
  }
  const gone = [...refused.values()].filter(({ key }) => !kept.has(key));
  const deleted: number[] = [];
  for (const [index, target] of job.targets.entries()) {
    deleted.push(gone.length === 0 ? 0 : await deleteByKey(client, target, 'EXISTS', keyValues(target, index, gone)));
  }
  return deleted;
}

/** With row_security off Postgres fails (42501) where a policy would have hidden rows from the DELETE in silence. */
async function deleteByKey(
  client: ClientBase,
  target: Target,
  which: 'EXISTS' | 'NOT EXISTS',
  keys: unknown[],
): Promise<number> {
  const setting = await client.query<{ before: string }>("SELECT current_setting('row_security') AS before");
  await client.query('SET LOCAL row_security = off');
  const statement = `DELETE FROM ${target.plan.quotedTable} AS t WHERE ${which} (${keyLookup(target)})`;
  const { rowCount } = await client.query(statement, keys);
  // The transaction may be a caller's, and go on.
  await client.query("SELECT set_config('row_security', $1, true)", [setting.rows[0]?.before]);
  return rowCount ?? 0;
}

function keyLookup({ key }: Target): string {
  const arrays = key.map((_, position) => `$${position + 1}::text[]`).join(', ');
  return `SELECT 1 FROM unnest(${arrays}) AS s(${key.map(({ quoted }) => quoted).join(', ')}) WHERE ${joinOnKey('t', key)}`;
}

function keyValues({ key }: Target, index: number, units: readonly LoadUnit[]): unknown[] {
  const rows = units.map((unit) => unit.rows[index]).filter((row) => row !== undefined);
  return key.map((column) => rows.map((row) => row.values[column.index]));
}
