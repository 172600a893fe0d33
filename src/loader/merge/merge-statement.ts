import type { KeyPredicate, LoadPlan, PlanColumn } from '../model/load-plan.js';
import { afterStep, buildInsert, inOrder } from './insert-step.js';
import { hasBit, MASK_COLUMN, maskedColumns, type MergeSpec, type SpecPart } from './merge-spec.js';
import { insertedRows, LOCKED, namedIn, PLACE, returnedRows, storedAs } from './returned-rows.js';
import { deleteStored, type Incoming, mergeStored } from './row-changes.js';
import { conflictTarget, hasIncomingKey, looksUpIncomingKey } from './same-key.js';

/** Where a statement reads rows, and what it writes them with. */
export interface StatementSource {
  /** `SELECT … FROM …` that gives every carried column as text or of its type, and mask and extra where rows have them. */
  readonly select: string;
  /** Gives the load's id as SQL, the same each time; not called where the statement does not write it. */
  readonly loadId: () => string;
  /** Begins the name of each step, where a statement writes several tables. */
  readonly prefix?: string;
  /** Conditions that are true once what comes before is done; see {@link WriteSteps}. */
  readonly after?: readonly string[];
}

/** The part of a statement that writes one table. */
export interface WriteSteps {
  /** For a WITH clause. */
  readonly steps: readonly string[];
  /** SQL of the counts. */
  readonly counts: Readonly<Record<keyof StatementCounts, string>>;
  /** Conditions that are true once the table is written. */
  readonly done: readonly string[];
  /** SELECT of what became of each row; see {@link returnedRows}. */
  readonly rows?: string | undefined;
}

/** What a statement of this file did, in its one row. */
export interface StatementCounts {
  readonly inserted: number;
  readonly updated: number;
  /** Rows that the table has already, as read. */
  readonly unchanged: number;
  readonly deleted: number;
  /** Rows that an update or a deletion leaves out, because they have no stored row. */
  readonly skipped: number;
  /** Rows to insert, when the statement began; of a deletion those to delete. Another transaction may have done so meanwhile. */
  readonly fresh: number;
  /** Rows whose stored row was gone when it was to be locked. */
  readonly vanished: number;
}

/** How a merge meets what other transactions do meanwhile. */
export interface MergeHow {
  /** A new row whose key is stored after all is an error (23505) instead of not being written. */
  readonly failsOnConflict: boolean;
  /**
   * Rows to update are not locked before, only compared again as they are updated. One that another transaction has made
   * equal meanwhile is in no count. See `mayUpdateAtOnce`.
   */
  readonly updatesAtOnce: boolean;
}

const WITH_LOCKS: MergeHow = { failsOnConflict: false, updatesAtOnce: false };

/** The stored row differs: null where there is none. The blanks keep these names apart from real columns. */
const DIFFERS = '"harbor differs"';
/** It still differs, now that it is locked. */
const STILL_DIFFERS = '"harbor still differs"';

/**
 * The steps that merge rows into a table and count what became of them. They read first, so that a stored row takes
 * no value of a sequence and fires no INSERT trigger, and a row that has nothing new is neither locked nor written. Rows
 * to update are locked and compared again. Each LATERAL looks rows up by the index of the key, whatever the planner knows.
 *
 * Loads with overlapping keys wait for each other instead of deadlocking: each first inserts its new rows in the byte
 * order of their keys, and then locks stored rows in that order. One that locks waits only for others that lock. Where
 * a row may take a unique value that another gives up, locked rows are then updated in the order of the source.
 *
 * Rows that another transaction inserts or deletes meanwhile are in no count; see `writeTogether`. An update inserts
 * nothing, and counts rows that are not stored as skipped. So does a deletion, which deletes what it has locked.
 * @param parts - of {@link partsOfSpec}
 */
function mergeSteps(
  plan: LoadPlan,
  spec: MergeSpec,
  parts: readonly SpecPart[],
  source: StatementSource,
  { failsOnConflict, updatesAtOnce }: MergeHow,
): WriteSteps {
  const { prefix = '', after = [] } = source;
  const { keyPredicate } = spec;
  const incoming = (row: string): Incoming => ({
    row,
    column: ({ quoted }) => `${row}.${quoted}`,
    extra: `${row}.${plan.extra}::jsonb`,
    loadId: () => `${source.loadId()}::uuid`,
    updatedAt: 'now()',
  });
  const inPlace = spec.inInputOrder ? ` ORDER BY s.${PLACE}` : '';
  const hasKey = spec.inInputOrder || updatesAtOnce ? looksUpIncomingKey : hasIncomingKey;
  // In a predicate the names of columns are not qualified: beside the stored row, the incoming one is one column.
  const [locked, row] =
    keyPredicate !== undefined
      ? [`(SELECT s FROM ${prefix}locked AS s${inPlace}) AS l`, '(s)']
      : [spec.inInputOrder ? `(SELECT * FROM ${prefix}locked AS s${inPlace}) AS s` : `${prefix}locked AS s`, 's'];
  const isInIndex = keyPredicate === undefined ? '' : ` AND ${keyPredicate.sql}`;
  const deletes = spec.onConflict === 'delete';
  const insertsNew = spec.onConflict === 'merge';
  const changeStored = deletes ? deleteStored : mergeStored;
  const change = changeStored(plan, spec, incoming(row));
  const compared = changeStored(plan, spec, { ...incoming('s'), column: asStored });
  const locks = change !== undefined && !updatesAtOnce;
  const stored = (lock: string): string => {
    const lookups = spec.nullSets.map(
      (nulls) =>
        `SELECT ${compared?.where ?? 'false'} AS differs${storedAs(spec, 't.')} FROM ${plan.quotedTable} AS t WHERE ${hasIncomingKey('t', spec.key, nulls)}${isInIndex} LIMIT 1${lock}`,
    );
    return `LATERAL (\n    ${lookups.length === 1 ? lookups.join() : lookups.map((lookup) => `SELECT * FROM (${lookup}) AS found`).join('\n    UNION ALL ')}\n  ) AS stored`;
  };
  const conflict = failsOnConflict ? '' : `\n  ON CONFLICT ${conflictTarget(spec.key, keyPredicate)} DO NOTHING`;
  const insertedParts = insertsNew ? parts : [];
  const inserts = insertedParts.map(({ spec: part, conditions }, place) => {
    const isNew = [`s.${DIFFERS} IS NULL`, ...conditions, ...after];
    return buildInsert(plan, part, { place, conditions: isNew, conflict, loadId: source.loadId, prefix });
  });
  const insertNames = inserts.map(({ name }) => name);
  const toLock = [`s.${DIFFERS}`, ...(insertNames.length === 0 ? after : insertNames.slice(-1).map(afterStep))];
  const differing = `(SELECT * FROM ${prefix}incoming AS s WHERE ${toLock.join(' AND ')}${inOrder(spec.key)}) AS s`;
  const outcome = deletes ? 'deleted' : 'updated';
  const changeNames = change === undefined ? [] : spec.nullSets.map((_, place) => `${prefix}${outcome}_${place}`);
  const steps = [
    `${prefix}incoming AS MATERIALIZED (
  SELECT ${incomingColumns(plan, spec)}, ${placeOf(spec)}stored.differs AS ${DIFFERS}${namedIn(spec, 'stored')}
  FROM (${source.select}) AS s LEFT JOIN ${stored('')} ON ${keyPredicate === undefined || deletes ? 'true' : belongsToIndex(spec, keyPredicate)}
)`,
    ...inserts.map(({ step }) => step),
    ...(locks
      ? [
          `${prefix}locked AS MATERIALIZED (
  SELECT s.*, stored.differs AS ${STILL_DIFFERS}${namedIn(spec, 'stored', LOCKED)}
  FROM ${differing} CROSS JOIN ${stored(deletes ? ' FOR UPDATE' : ' FOR NO KEY UPDATE')}
)`,
        ]
      : []),
    ...(change === undefined
      ? []
      : spec.nullSets.map(
          (nulls, place) => `${changeNames[place]} AS (
  ${
    change.set === undefined
      ? `DELETE FROM ${plan.quotedTable} AS t
  USING`
      : `UPDATE ${plan.quotedTable} AS t
  SET ${change.set}
  FROM`
  } ${updatesAtOnce ? differing : locked}
  WHERE ${updatesAtOnce ? compared?.where : `${row}.${STILL_DIFFERS}`} AND ${hasKey('t', spec.key, nulls, row)}${isInIndex}
  RETURNING ${spec.returned === undefined ? '1' : `${row}.${PLACE}`}${storedAs(spec, 't.')}
)`,
        )),
  ];
  const same = [
    `${prefix}incoming WHERE NOT ${DIFFERS}`,
    ...(locks ? [`${prefix}locked WHERE NOT ${STILL_DIFFERS}`] : []),
  ];
  const notStored = sumOfCounts([`${prefix}incoming WHERE ${DIFFERS} IS NULL`]);
  const counts = {
    inserted: sumOfCounts(insertNames),
    updated: sumOfCounts(deletes ? [] : changeNames),
    unchanged: sumOfCounts(same),
    deleted: sumOfCounts(deletes ? changeNames : []),
    skipped: insertsNew ? '0' : notStored,
    fresh: deletes ? sumOfCounts([`${prefix}incoming WHERE ${DIFFERS}`]) : notStored,
    vanished: locks
      ? `((SELECT count(*) FROM ${prefix}incoming WHERE ${DIFFERS}) - (SELECT count(*) FROM ${prefix}locked))::integer`
      : '0',
  };
  const last = [changeNames, insertNames, [`${prefix}incoming`]].find((names) => names.length > 0) ?? [];
  const rows = returnedRows(spec, [
    ...insertedRows(inserts),
    ...changeNames.map((name) => ({ outcome, from: name }) as const),
    { outcome: 'unchanged', from: `${prefix}incoming WHERE NOT ${DIFFERS}` },
    ...(locks
      ? [{ outcome: 'unchanged' as const, from: `${prefix}locked WHERE NOT ${STILL_DIFFERS}`, names: LOCKED }]
      : []),
    ...(insertsNew ? [] : [{ outcome: 'skipped' as const, from: `${prefix}incoming WHERE ${DIFFERS} IS NULL` }]),
  ]);
  return { steps, counts, done: last.map(afterStep), rows };
}

/** The steps that append rows: a key that is stored is an error. */
function appendSteps(
  plan: LoadPlan,
  spec: MergeSpec,
  parts: readonly SpecPart[],
  { select, loadId, prefix = '', after = [] }: StatementSource,
): WriteSteps {
  const inserts = parts.map(({ spec: part, conditions }, place) =>
    buildInsert(plan, part, { place, conditions: [...conditions, ...after], conflict: '', loadId, prefix }),
  );
  const names = inserts.map(({ name }) => name);
  const incoming = `${prefix}incoming AS (
  SELECT ${placeOf(spec)}${incomingColumns(plan, spec)}
  FROM (${select}) AS s
)`;
  const counts = {
    inserted: sumOfCounts(names),
    updated: '0',
    unchanged: '0',
    deleted: '0',
    skipped: '0',
    fresh: '0',
    vanished: '0',
  };
  const steps = [incoming, ...inserts.map(({ step }) => step)];
  return { steps, counts, done: names.map(afterStep), rows: returnedRows(spec, insertedRows(inserts)) };
}

/**
 * The steps that write rows into their table: see {@link mergeSteps}, and {@link appendSteps}.
 * @param parts - of {@link partsOfSpec}
 */
export function writeSteps(
  plan: LoadPlan,
  spec: MergeSpec,
  parts: readonly SpecPart[],
  source: StatementSource,
  how = WITH_LOCKS,
): WriteSteps {
  return spec.onConflict === 'insert'
    ? appendSteps(plan, spec, parts, source)
    : mergeSteps(plan, spec, parts, source, how);
}

/** A statement of these steps alone; its one row, or each of its rows, has their {@link StatementCounts}. */
export function statementOf({ steps, counts, rows }: WriteSteps): string {
  const columns = Object.entries(counts).map(([name, count]) => `${count} AS ${name}`);
  const counted = `SELECT ${columns.join(',\n  ')}`;
  const all =
    rows === undefined ? counted : `SELECT * FROM (${counted}) AS counts LEFT JOIN (${rows}) AS returned ON true`;
  return `WITH ${steps.join(', ')}\n${all}`;
}

/** The number of each row of the source, where a step needs it. */
function placeOf({ inInputOrder, returned }: MergeSpec): string {
  return inInputOrder || returned !== undefined ? `row_number() OVER () AS ${PLACE}, ` : '';
}

/** Every column is read for every row, so that a value that Postgres cannot read is found whatever is stored. */
function incomingColumns(plan: LoadPlan, spec: MergeSpec): string {
  const columns = spec.columns.map(({ column: { quoted, type } }) => `s.${quoted}::${type} AS ${quoted}`);
  if (maskedColumns(spec).length > 0) {
    columns.push(`s.${MASK_COLUMN}::bit varying AS ${MASK_COLUMN}`);
  }
  if (plan.extra !== undefined && spec.hasExtra) {
    columns.push(`s.${plan.extra}::jsonb AS ${plan.extra}`);
  }
  return columns.join(', ');
}

/** The condition that a partial index would hold the incoming row, were it inserted; else it meets no stored row. */
function belongsToIndex(spec: MergeSpec, { sql, columns }: KeyPredicate): string {
  const values = columns.map((column) => {
    const carried = spec.columns.find(({ column: { index } }) => index === column.index);
    const byDefault = column.defaultExpression ?? `NULL::${column.type}`;
    const value = carried === undefined ? byDefault : asStored(column);
    const byMask = carried?.mode === 'byRow';
    return `${byMask ? `CASE WHEN ${hasBit(carried.bit)} THEN ${value} ELSE ${byDefault} END` : value} AS ${column.quoted}`;
  });
  return `(SELECT ${sql} FROM (SELECT ${values.join(', ')}) AS inserted)`;
}

/**
 * The incoming value as the column stores it: 1.5 is a stored 1.50 of numeric(10,2). A cast to bit(n) would cut a longer
 * value without an error.
 */
function asStored({ quoted, type, fullType }: PlanColumn): string {
  return `s.${quoted}::${type.includes('bit') ? type : fullType}`;
}

function sumOfCounts(sources: readonly string[]): string {
  return sources.length === 0
    ? '0'
    : `(${sources.map((source) => `(SELECT count(*) FROM ${source})`).join(' + ')})::integer`;
}
