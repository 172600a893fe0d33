import type { Target } from '../model/load-job.js';
import type { KeyColumn, PlanColumn } from '../model/load-plan.js';
import { identityParts, subsetsOf } from '../merge/identity-parts.js';
import { overriding } from '../merge/insert-step.js';
import { overwriteStored } from '../merge/row-changes.js';
import { hasAnyStagedKey, hasStagedKey, isOfKey, type NullSet, nullSetsOf } from '../merge/same-key.js';
import { ROW_NUMBER, STAGING } from './staging-table.js';

/** Deletes the stored rows whose key is not staged. */
export function buildDeleteOthers(target: Target): string {
  const isNotStaged = nullSetsOf(target.key).map(
    (nulls) => `NOT EXISTS (SELECT 1 FROM ${STAGING} AS s WHERE ${hasStagedKey('t', target.key, nulls)})`,
  );
  return `DELETE FROM ${target.plan.quotedTable} AS t\n  WHERE ${isNotStaged.join(' AND ')}`;
}

/** Deletes the stored row of the staged row numbered `$1`. */
export function buildDeleteRow(target: Target): string {
  return `DELETE FROM ${target.plan.quotedTable} AS t USING ${STAGING} AS s WHERE ${hasAnyStagedKey('t', target.key)} AND s.${ROW_NUMBER} = $1`;
}

/**
 * Brings the staged rows numbered `$1` to `$2` into the table, with the load id `$3` where the entity keeps it. Stored
 * rows that differ are updated in place, so that rows that refer to them (ON DELETE CASCADE) stay, and the others are
 * inserted. The counts are exact as long as nobody else writes. One statement, so that rows may refer to each other.
 * @returns SQL whose one row is a {@link SwapCounts}
 */
export function buildSwap(target: Target): string {
  const { plan, key } = target;
  const change = overwriteStored(plan, key, {
    row: 's',
    column: ({ quoted }) => `s.${quoted}`,
    extra: `s.${plan.extra}`,
    loadId: () => LOAD_ID,
    updatedAt: 'now()',
  });
  const inserts = buildInserts(target);
  const nullSets = nullSetsOf(key);
  const updates = change === undefined ? [] : nullSets.map((_, place) => `(SELECT count(*) FROM updated_${place})`);
  const steps = [
    // tableoid is null exactly where there is no stored row, whatever the key.
    `incoming AS MATERIALIZED (
  SELECT s.${ROW_NUMBER} AS place, CASE WHEN t.tableoid IS NOT NULL THEN ${change?.where ?? 'false'} END AS differs
  FROM ${STAGING} AS s LEFT JOIN ${joinStored(plan.quotedTable, key, nullSets)}
  WHERE s.${ROW_NUMBER} BETWEEN $1 AND $2
)`,
    ...(change === undefined
      ? []
      : nullSets.map(
          (nulls, place) => `updated_${place} AS (
  UPDATE ${plan.quotedTable} AS t
  SET ${change.set}
  FROM ${STAGING} AS s JOIN incoming AS i ON i.place = s.${ROW_NUMBER}
  WHERE i.differs AND ${hasStagedKey('t', key, nulls)}
  RETURNING 1
)`,
        )),
    ...inserts.map((insert, place) => `inserted_${place} AS (\n${insert}\n  RETURNING 1\n)`),
  ];
  const inserted = inserts.map((_, place) => `(SELECT count(*) FROM inserted_${place})`).join(' + ');
  return `WITH ${steps.join(', ')}
SELECT (${updates.join(' + ') || '0'})::integer AS updated, (${inserted})::integer AS inserted,
  (SELECT count(*) FROM incoming WHERE NOT differs)::integer AS unchanged, (SELECT count(*) FROM incoming)::integer AS rows`;
}

/** One join of all rows where `=` tells equal keys; else a lookup for each set of columns that are null. */
function joinStored(table: string, key: readonly KeyColumn[], nullSets: readonly NullSet[]): string {
  const [first, ...others] = nullSets.map((nulls) => hasStagedKey('t', key, nulls));
  return others.length === 0
    ? `${table} AS t ON ${first}`
    : `LATERAL (
    ${[first, ...others].map((condition) => `SELECT t.*, t.tableoid FROM ${table} AS t WHERE ${condition}`).join('\n    UNION ALL ')}
  ) AS t ON true`;
}

/** What a swap did with its rows. */
export interface SwapCounts {
  readonly updated: number;
  readonly inserted: number;
  /** Rows that the table has already, as read. */
  readonly unchanged: number;
  readonly rows: number;
}

const LOAD_ID = '$3::uuid';

function buildInserts(target: Target): string[] {
  const { plan, key } = target;
  const identities = plan.columns.filter(
    (column) => column.hasDefault && column.defaultExpression === undefined && !isOfKey(key, column),
  );
  return identityParts(identities, subsetsOf(identities)).map(({ carried, absent }) => {
    const conditions = identities.map(
      (column) => `s.${column.quoted} IS ${carried.includes(column) ? 'NOT NULL' : 'NULL'}`,
    );
    const columns = plan.columns.filter((column) => !absent.includes(column));
    return buildInsert(target, columns, conditions);
  });
}

function buildInsert(target: Target, columns: readonly PlanColumn[], conditions: readonly string[]): string {
  const { plan, key } = target;
  const values = [
    ...columns.map((column) => ({ name: column.quoted, value: insertedValue(column) })),
    { name: plan.extra, value: `s.${plan.extra}` },
    { name: plan.loadId, value: LOAD_ID },
    { name: plan.updatedAt, value: 'now()' },
    { name: plan.version, value: '1' },
  ].filter(({ name }) => name !== undefined);
  return `  INSERT INTO ${plan.quotedTable} (${values.map(({ name }) => name).join(', ')})${overriding(columns)}
  SELECT ${values.map(({ value }) => value).join(', ')}
  FROM ${STAGING} AS s JOIN incoming AS i ON i.place = s.${ROW_NUMBER}
  WHERE ${['i.differs IS NULL', ...conditions].join(' AND ')}
  ORDER BY ${key.map(({ quoted }) => `s.${quoted}::text COLLATE "C"`).join(', ')}`;
}

function insertedValue({ quoted, madeOnce, defaultExpression }: PlanColumn): string {
  return madeOnce && defaultExpression !== undefined ? `COALESCE(s.${quoted}, ${defaultExpression})` : `s.${quoted}`;
}
