import type { Target } from '../model/load-job.js';
import type { PlanColumn } from '../model/load-plan.js';
import { identityParts, subsetsOf } from '../merge/identity-parts.js';
import { overwriteStored } from '../merge/row-changes.js';
import { hasStagedKey } from '../merge/same-key.js';
import { ROW_NUMBER, STAGING } from './staging-table.js';

/** Deletes the stored rows whose key is not staged. */
export function buildDeleteOthers(target: Target): string {
  return `DELETE FROM ${target.plan.quotedTable} AS t
  WHERE NOT EXISTS (SELECT 1 FROM ${STAGING} AS s WHERE ${hasStagedKey('t', target.key)})`;
}

/** Deletes the stored row of the staged row numbered `$1`. */
export function buildDeleteRow(target: Target): string {
  return `DELETE FROM ${target.plan.quotedTable} AS t USING ${STAGING} AS s WHERE ${hasStagedKey('t', target.key)} AND s.${ROW_NUMBER} = $1`;
}

/**
 * Brings the staged rows numbered `$1` to `$2` into the table, with the load id `$3` where the entity keeps it. Stored
 * rows that differ are updated in place, so that rows that refer to them (ON DELETE CASCADE) stay, and the others are
 * inserted. The counts are exact as long as nobody else writes. One statement, so that rows may refer to each other.
 * @returns SQL whose one row is `updated` and `inserted`
 */
export function buildSwap(target: Target): string {
  const parts = [buildUpdate(target), ...buildInserts(target)].filter((part) => part !== undefined);
  const counts = ['updated', 'inserted'].map((verb) => {
    const places = parts.flatMap((part, place) => (part.verb === verb ? [`(SELECT count(*) FROM part_${place})`] : []));
    return `(${places.join(' + ') || '0'})::integer AS ${verb}`;
  });
  return `WITH ${parts.map(({ statement }, place) => `part_${place} AS (\n${statement}\n  RETURNING 1\n)`).join(', ')}
SELECT ${counts.join(', ')}`;
}

/** A part of the swap, and what it did to the rows it returns. */
interface SwapPart {
  readonly verb: 'updated' | 'inserted';
  readonly statement: string;
}

const IN_RANGE = `s.${ROW_NUMBER} BETWEEN $1 AND $2`;
const LOAD_ID = '$3::uuid';

function buildUpdate(target: Target): SwapPart | undefined {
  const { plan, key } = target;
  const change = overwriteStored(plan, key, {
    column: ({ quoted }) => `s.${quoted}`,
    extra: `s.${plan.extra}`,
    loadId: LOAD_ID,
    updatedAt: 'now()',
  });
  return (
    change && {
      verb: 'updated',
      statement: `  UPDATE ${plan.quotedTable} AS t
  SET ${change.set}
  FROM ${STAGING} AS s
  WHERE ${IN_RANGE} AND ${hasStagedKey('t', target.key)} AND ${change.where}`,
    }
  );
}

function buildInserts(target: Target): SwapPart[] {
  const { plan, key } = target;
  const identities = plan.columns.filter(
    (column) => column.hasDefault && column.defaultExpression === undefined && !key.includes(column),
  );
  return identityParts(identities, subsetsOf(identities)).map(({ carried, absent }) => {
    const conditions = identities.map(
      (column) => `s.${column.quoted} IS ${carried.includes(column) ? 'NOT NULL' : 'NULL'}`,
    );
    const columns = plan.columns.filter((column) => !absent.includes(column));
    return buildInsert(target, columns, conditions);
  });
}

function buildInsert(target: Target, columns: readonly PlanColumn[], conditions: readonly string[]): SwapPart {
  const { plan, key } = target;
  const values = [
    ...columns.map((column) => ({ name: column.quoted, value: insertedValue(column) })),
    { name: plan.extra, value: `s.${plan.extra}` },
    { name: plan.loadId, value: LOAD_ID },
    { name: plan.updatedAt, value: 'now()' },
    { name: plan.version, value: '1' },
  ].filter(({ name }) => name !== undefined);
  const isNew = `NOT EXISTS (SELECT 1 FROM ${plan.quotedTable} AS t WHERE ${hasStagedKey('t', target.key)})`;
  return {
    verb: 'inserted',
    statement: `  INSERT INTO ${plan.quotedTable} (${values.map(({ name }) => name).join(', ')})
  SELECT ${values.map(({ value }) => value).join(', ')}
  FROM ${STAGING} AS s
  WHERE ${[IN_RANGE, ...conditions, isNew].join(' AND ')}
  ORDER BY ${key.map(({ quoted }) => `s.${quoted}::text COLLATE "C"`).join(', ')}`,
  };
}

function insertedValue({ quoted, madeOnce, defaultExpression }: PlanColumn): string {
  return madeOnce && defaultExpression !== undefined ? `COALESCE(s.${quoted}, ${defaultExpression})` : `s.${quoted}`;
}
