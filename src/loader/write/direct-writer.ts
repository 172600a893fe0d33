import type { ClientBase } from 'pg';

import { COPY_DEFAULT, DEFAULT_OPTION } from '../../postgres/copy-text.js';
import { quoteIdentifier } from '../../postgres/identifiers.js';
import { isOfCopyOnly } from '../../postgres/faults/sqlstate.js';
import { isDistributed } from '../distributed/mirror-table.js';
import { findNewRows, type NewRows } from '../merge/find-new-rows.js';
import { MASK_COLUMN, maskedColumns, type MergeSpec, specOf } from '../merge/merge-spec.js';
import { nullSetsIn } from '../merge/same-key.js';
import type { Target } from '../model/load-job.js';
import type { LoadPlan } from '../model/load-plan.js';
import type { Row } from '../model/row.js';
import { type CopiedColumn, copyInto, inFormOf, stagedColumns } from './copy-rows.js';
import type { WriteSettings } from './write-staged.js';

/** COPY did not take rows that a merge may take; the caller rolls back to its savepoint and writes them all by one. */
export class NotCopiedError extends Error {
  override readonly name = 'NotCopiedError';
}

/**
 * COPY collects the rows of each partition and inserts partition after partition: not in the order of the keys, so that loads
 * with overlapping keys could deadlock. Under a volatile condition it inserts each row as it comes. Any will do; this one
 * is always true.
 */
const ROW_BY_ROW = ' WHERE pg_catalog.random() >= 0';

/** What became of rows: the new ones are inserted, or none. */
interface Copied {
  readonly inserted: number;
  /** Rows that are not written yet. */
  readonly left: readonly Row[];
}

/** Types of a column for the time of the last write that read the same time from a text as from now(). */
const MOMENTS: ReadonlySet<string> = new Set(['timestamp with time zone', 'timestamp without time zone']);

/**
 * Copies the rows whose key is not stored straight into the table: no staging table, no second reading. In the byte order
 * of their keys, as a merge inserts them.
 * @param least - fewer new rows beside stored ones are left, too: they cost less in one statement with those
 * @throws NotCopiedError when a row's key or another unique value was taken meanwhile, or a trigger suppressed a row
 * @throws pg's DatabaseError when Postgres rejects a row as it would in a merge
 */
export async function copyNewRows(
  client: ClientBase,
  target: Target,
  { loadId, observers }: Pick<WriteSettings, 'loadId' | 'observers'>,
  rows: readonly Row[],
  least: number,
): Promise<Copied> {
  if (!takesCopy(target, rows)) {
    return { inserted: 0, left: rows };
  }
  try {
    const found = await findNewRows(client, target, rows);
    const fresh = found.places?.map((place) => rows[place] as Row) ?? rows;
    if (found.isRestricted || (fresh.length < rows.length && (fresh.length < least || areConnected(target, found)))) {
      return { inserted: 0, left: rows };
    }
    const spec = specOf({ ...target, onConflict: 'insert' }, fresh);
    const needsDefaults = maskedColumns(spec).length > 0 || spec.extraByRow;
    if (needsDefaults && (!found.copiesDefaults || isDistributed(target))) {
      return { inserted: 0, left: rows };
    }
    const { plan } = target;
    const { spec: ordered, form } = inFormOf(spec, fresh);
    const own = ownColumns(plan, loadId, found.now);
    const columns = [...tableColumns(plan, ordered), ...own.map(({ name, field }) => ({ name, fieldOf: () => field }))];
    const copied = await observers.statement({ operation: 'COPY', table: plan.table }, () =>
      copyInto(client, plan.quotedTable, columns, fresh, {
        packed: form && { form, constants: own.map(({ field }) => field) },
        options: (needsDefaults ? DEFAULT_OPTION : '') + (plan.live.kind.partitionKey === null ? '' : ROW_BY_ROW),
      }),
    );
    if (copied !== fresh.length) {
      throw new NotCopiedError();
    }
    const isNew = new Set(found.places);
    return { inserted: copied, left: found.places === null ? [] : rows.filter((_, place) => !isNew.has(place)) };
  } catch (error) {
    throw isOfCopyOnly(error) ? new NotCopiedError() : error;
  }
}

/** Whether COPY can do what the statement of a merge does. Citus takes no COPY with a condition. */
function takesCopy({ plan, key, keyPredicate, onConflict }: Target, rows: readonly Row[]): boolean {
  const { kind, columns } = plan.live;
  const updatedAt = [...columns.values()].find(({ name }) => quoteIdentifier(name) === plan.updatedAt);
  return (
    onConflict !== 'update' &&
    rows[0]?.deletes !== true &&
    (kind.partitionKey === null || kind.distribution === null) &&
    keyPredicate === undefined &&
    (updatedAt === undefined || MOMENTS.has(updatedAt.type)) &&
    nullSetsIn(key, rows).every((nulls) => nulls.length === 0)
  );
}

/** New and stored rows may depend on each other, so that one statement does not do the same as two. */
function areConnected({ plan }: Target, { hasTriggers }: NewRows): boolean {
  return hasTriggers || plan.live.references.includes(plan.quotedTable);
}

/** The columns of the table that new rows of this kind fill from their records. */
function tableColumns(plan: LoadPlan, spec: MergeSpec): CopiedColumn<Row>[] {
  const byRow = new Map(maskedColumns(spec).map(({ column }) => [column.quoted, column.index]));
  const carried = stagedColumns(plan, spec).filter(({ name }) => name !== MASK_COLUMN);
  return carried.map(({ name, fieldOf }): CopiedColumn<Row> => {
    const index = byRow.get(name);
    if (index !== undefined) {
      return { name, fieldOf: (row) => (row.values[index] === undefined ? COPY_DEFAULT : fieldOf(row)) };
    }
    return name === plan.extra && spec.extraByRow
      ? { name, fieldOf: (row) => (row.extra === undefined ? COPY_DEFAULT : fieldOf(row)) }
      : { name, fieldOf };
  });
}

/** The columns that the loader itself fills, the same in all rows. */
function ownColumns(
  { loadId, updatedAt, version }: LoadPlan,
  load: string,
  now: string,
): { readonly name: string; readonly field: string }[] {
  return [
    { name: loadId, field: load },
    { name: updatedAt, field: now },
    { name: version, field: '1' },
  ].flatMap(({ name, field }) => (name === undefined ? [] : [{ name, field }]));
}
