import type { ClientBase } from 'pg';

import { quoteIdentifier } from '../../postgres/identifiers.js';
import type { LiveColumn } from '../../schema/table/live-table.js';
import { inOrder, overriding } from '../merge/insert-step.js';
import { conflictTarget, hasAnyStagedKey } from '../merge/same-key.js';
import type { Target } from '../model/load-job.js';
import type { PlanColumn } from '../model/load-plan.js';
import { valueAt } from '../model/packed-row.js';
import type { Row } from '../model/row.js';
import { mirrorOf, VERSION, WRITTEN } from './mirror-table.js';

/** What was to be written back, and what the table has taken: less, where another transaction has written a row meanwhile. */
export interface WrittenBack {
  readonly expected: number;
  readonly taken: number;
}

/** Reads the stored rows with the keys of these rows into the mirror, and nothing else. Without a lock: see {@link writeBack}. */
export async function readIntoMirror(client: ClientBase, target: Target, rows: readonly Row[]): Promise<void> {
  const { key } = target;
  const { before, target: mirror } = mirrorOf(target);
  await client.query(`DELETE FROM ${mirror.plan.quotedTable}; DELETE FROM ${before}`);
  const keyed = rows.filter((row) => key.every((column) => valueAt(row, column.index) !== undefined));
  if (key.length === 0 || keyed.length === 0) {
    return;
  }
  const parameters = key.map(({ index }) => keyed.map((row) => valueAt(row, index) ?? null));
  await client.query(`${buildRead(target)}${withOneOfKeys(target)}`, parameters);
  const columns = [...key.map(({ quoted }) => quoted), VERSION].join(', ');
  if (rows.some(({ deletes }) => deletes === true)) {
    await client.query(`INSERT INTO ${before} (${columns}) SELECT ${columns} FROM ${mirror.plan.quotedTable}`);
  }
}

/** Reads all stored rows into the mirror. */
export async function readAllIntoMirror(client: ClientBase, target: Target): Promise<void> {
  const { before, target: mirror } = mirrorOf(target);
  const columns = [...target.key.map(({ quoted }) => quoted), VERSION].join(', ');
  await client.query(`DELETE FROM ${mirror.plan.quotedTable}; DELETE FROM ${before}`);
  await client.query(buildRead(target));
  await client.query(`INSERT INTO ${before} (${columns}) SELECT ${columns} FROM ${mirror.plan.quotedTable}`);
  await client.query(`ANALYZE ${mirror.plan.quotedTable}; ANALYZE ${before}`);
}

/**
 * Writes into the table what has changed in its mirror. A stored row that another transaction has changed since it was read
 * has another `xmin`, and is not written; a new row whose key is stored meanwhile is not inserted.
 * @param columns - those that may have changed in stored rows
 */
export async function writeBack(
  client: ClientBase,
  target: Target,
  how: { readonly deletes: boolean; readonly columns: readonly PlanColumn[] },
): Promise<WrittenBack> {
  const { rows } = await client.query<{ expected: number[] }>(buildCounts(target, how.deletes));
  const [removed = 0, updated = 0, inserted = 0] = rows[0]?.expected ?? [];
  let taken = 0;
  const write = async (expected: number, statement: () => string): Promise<void> => {
    if (expected > 0) {
      taken += (await client.query(statement())).rowCount ?? 0;
    }
  };
  await write(removed, () => buildDelete(target));
  await write(updated, () => buildUpdate(target, how.columns));
  await write(inserted, () => buildInsert(target));
  return { expected: removed + updated + inserted, taken };
}

/** Forgets what was written back, so that the mirror can take more rows before it is written back again. */
export async function settleMirror(client: ClientBase, target: Target): Promise<void> {
  const { before, target: mirror } = mirrorOf(target);
  const table = mirror.plan.quotedTable;
  await client.query(
    `UPDATE ${table} SET ${WRITTEN} = false WHERE ${WRITTEN};
     DELETE FROM ${before} AS t WHERE NOT EXISTS (SELECT FROM ${table} AS s WHERE ${hasAnyStagedKey('t', target.key)})`,
  );
}

/** The columns that an INSERT can name. */
function writableColumns({ plan }: Target): string[] {
  return [...plan.live.columns.values()]
    .filter((column) => !isComputed(column))
    .map(({ name }) => quoteIdentifier(name));
}

/** The columns that are read into a mirror. */
export function mirrorColumns(target: Target): string[] {
  return [...writableColumns(target), VERSION, WRITTEN];
}

function isComputed({ readOnly, defaultExpression }: LiveColumn): boolean {
  return readOnly && defaultExpression !== undefined;
}

function buildRead(target: Target): string {
  const columns = writableColumns(target);
  const table = mirrorOf(target).target.plan.quotedTable;
  return `INSERT INTO ${table} (${mirrorColumns(target).join(', ')})
  SELECT ${columns.map((name) => `t.${name}`).join(', ')}, t.xmin, false
  FROM ${target.plan.quotedTable} AS t`;
}

/** With the value that tells the shard as an array, Citus asks only the shards that have such rows. */
function withOneOfKeys({ plan, key }: Target): string {
  const { distribution } = plan.live.kind;
  const arrays = key.map((_, index) => `$${index + 1}::text[]`);
  const ofShard = key.flatMap(({ name, quoted, type, equals, collate, nullIsKey }, index) =>
    name === distribution?.column && !nullIsKey && !type.endsWith('[]')
      ? [`t.${quoted} ${equals} ANY (${arrays[index]}::${type}[]${collate})`]
      : [],
  );
  const where = ofShard.length === 0 ? '' : `\n  WHERE ${ofShard.join()}`;
  if (key.length === 1 && ofShard.length === 1) {
    return where;
  }
  const names = key.map(({ quoted }) => quoted);
  const typed = key.map(({ quoted, type, collate }) => `s.${quoted}::${type}${collate} AS ${quoted}`);
  const incoming = `SELECT DISTINCT ${typed.join(', ')} FROM unnest(${arrays.join(', ')}) AS s(${names.join(', ')})`;
  return ` JOIN (${incoming}) AS s ON ${hasAnyStagedKey('t', key)}${where}`;
}

function buildCounts(target: Target, deletes: boolean): string {
  const table = mirrorOf(target).target.plan.quotedTable;
  const counts = [
    deletes ? `(SELECT count(*) FROM (${selectRemoved(target)}) AS r)::integer` : '0',
    `count(*) FILTER (WHERE ${VERSION} IS NOT NULL)::integer`,
    `count(*) FILTER (WHERE ${VERSION} IS NULL)::integer`,
  ];
  return `SELECT ARRAY[${counts.join(', ')}] AS expected FROM ${table} WHERE ${WRITTEN}`;
}

function selectRemoved(target: Target): string {
  const { before, target: mirror } = mirrorOf(target);
  return `SELECT s.* FROM ${before} AS s WHERE NOT EXISTS (SELECT FROM ${mirror.plan.quotedTable} AS t WHERE ${hasAnyStagedKey('t', target.key)})`;
}

function buildDelete(target: Target): string {
  return `DELETE FROM ${target.plan.quotedTable} AS t USING (${selectRemoved(target)}) AS s
  WHERE ${hasAnyStagedKey('t', target.key)} AND t.xmin = s.${VERSION}`;
}

function buildUpdate(target: Target, changed: readonly PlanColumn[]): string {
  const { plan, key } = target;
  const { plan: mirror } = mirrorOf(target).target;
  const set = [
    ...mirror.columns
      .filter(({ index, updatable }) => updatable && changed.some((column) => column.index === index))
      .map(({ quoted }) => quoted),
    plan.extra,
    plan.loadId,
    plan.updatedAt,
    plan.version,
  ].filter((name) => name !== undefined);
  return `UPDATE ${plan.quotedTable} AS t SET ${set.map((name) => `${name} = s.${name}`).join(', ')}
  FROM (SELECT * FROM ${mirror.quotedTable} AS s WHERE ${WRITTEN} AND ${VERSION} IS NOT NULL${inOrder(key)}) AS s
  WHERE ${hasAnyStagedKey('t', key)} AND t.xmin = s.${VERSION}`;
}

function buildInsert(target: Target): string {
  const { plan, key, keyPredicate, onConflict } = target;
  const columns = writableColumns(target).join(', ');
  const { quotedTable } = mirrorOf(target).target.plan;
  const isUnique = onConflict !== 'insert' || plan.uniqueKeys.some((unique) => unique.columns === key);
  const conflict = isUnique && key.length > 0 ? `\n  ON CONFLICT ${conflictTarget(key, keyPredicate)} DO NOTHING` : '';
  return `INSERT INTO ${plan.quotedTable} (${columns})${overriding(plan.columns)}
  SELECT ${columns} FROM ${quotedTable} AS s WHERE ${WRITTEN} AND ${VERSION} IS NULL${inOrder(key)}${conflict}`;
}
