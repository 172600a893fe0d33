import type { ClientBase } from 'pg';

import { GROUP_COLUMN, groupRows } from './group-rows.js';
import type { Row } from './row.js';
import { carriedColumns, extraText, type WriteCounts, type WriteOrder, writeStaged } from './write-staged.js';

/**
 * Writes rows by INSERT … ON CONFLICT, one array parameter a column. TypeORM's own upsert would need a parameter a
 * value (65,535 at most), can only set a column to EXCLUDED, and cannot count what it left unchanged.
 * @throws pg's DatabaseError when Postgres refuses one of the rows; the caller's savepoint takes everything back
 */
export async function writeByUpsert(client: ClientBase, order: WriteOrder, rows: readonly Row[]): Promise<WriteCounts> {
  const groups = groupRows(order.plan, order.onConflict, order.key, rows);
  const inGroups = groups.flatMap((group) => group.rows);
  const { columns, extra } = carriedColumns(order.plan, rows);
  const names = [GROUP_COLUMN, ...columns.map(({ quoted }) => quoted)];
  const parameters: unknown[] = [groups.flatMap((group, number) => group.rows.map(() => number))];
  for (const { index } of columns) {
    parameters.push(inGroups.map((row) => row.values[index] ?? null));
  }
  if (extra !== undefined) {
    names.push(extra);
    parameters.push(inGroups.map(extraText));
  }
  const arrays = parameters.map((_, index) => `$${index + 1}::${index === 0 ? 'integer' : 'text'}[]`);
  const select = `SELECT * FROM unnest(${arrays.join(', ')}) AS u(${names.join(', ')})`;
  return writeStaged(client, order, groups, { select, parameters });
}
