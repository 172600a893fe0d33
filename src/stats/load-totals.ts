import { HYBRID, HYBRID_ENTITIES } from '../entities/index.js';
import { StorageError } from '../errors/index.js';
import type { RejectedRecord } from '../quarantine/rejected-records.js';
import { addCounts, type LoadCounts, NO_COUNTS } from '../results/load-counts.js';
import { MAX_REJECTS_SHOWN, type RejectSummary } from '../results/load-result.js';
import { addByName, type CountsByName, countsByName, sumOf } from './name-counter.js';

/** The accounting of a batch or of a load. `storage_load_batches` keeps it as JSON. */
export interface LoadTotals {
  /**
   * One for each table of the load, in the order they are written. The last counts are those of the records: every record
   * that is loaded has a row in the last table. In a combined load none has, so the records are counted after the tables.
   */
  readonly tables: readonly LoadCounts[];
  /** Rows removed by a replace; they are not among the records. */
  readonly removed: number;
  readonly rejects: readonly RejectSummary[];
  readonly skippedReasons: CountsByName;
  /** Fields without a column, by name. */
  readonly unknownFields: CountsByName;
}

export function emptyTotals(tables: number): LoadTotals {
  return {
    tables: Array.from({ length: tables }, () => NO_COUNTS),
    removed: 0,
    rejects: [],
    skippedReasons: countsByName(),
    unknownFields: countsByName(),
  };
}

export function addTotals(a: LoadTotals, b: LoadTotals): LoadTotals {
  return {
    tables: addToEach(a.tables, b.tables),
    removed: a.removed + b.removed,
    rejects: firstRejects([...a.rejects, ...b.rejects]),
    skippedReasons: addByName(a.skippedReasons, b.skippedReasons),
    unknownFields: addByName(a.unknownFields, b.unknownFields),
  };
}

/** Adds the counts of two sets of records, table by table. */
export function addToEach(a: readonly LoadCounts[], b: readonly LoadCounts[]): LoadCounts[] {
  return a.map((counts, table) => addCounts(counts, b[table] ?? NO_COUNTS));
}

/** The counts of the records, whatever the number of tables. */
export function recordCounts({ tables }: LoadTotals): LoadCounts {
  return tables.at(-1) ?? NO_COUNTS;
}

/** The totals of a batch that was rolled back: every record failed, except those skipped before. */
export function failedTotals(received: number, skippedReasons: CountsByName, tables: number): LoadTotals {
  const skipped = sumOf(skippedReasons);
  const counts = { ...NO_COUNTS, received, skipped, failed: received - skipped };
  return { ...emptyTotals(tables), tables: Array.from({ length: tables }, () => counts), skippedReasons };
}

/** The rejected records a result names: the first of the input, whichever batch ended first. */
export function firstRejects<T extends Pick<RejectSummary, 'position'>>(rejects: readonly T[]): T[] {
  return rejects.toSorted((a, b) => a.position - b.position).slice(0, MAX_REJECTS_SHOWN);
}

export function summarizeRejects(rejected: readonly RejectedRecord[]): RejectSummary[] {
  return firstRejects(rejected).map(({ position, rejection: { rule, column, message } }) => ({
    position,
    reason: rule,
    column,
    message,
  }));
}

/** Version of the JSON of {@link writeTotals}. Rows of version 1 have no `version`. */
export const COUNTS_VERSION = 2;

/** The JSON that `storage_load_batches.counts` keeps. */
export function writeTotals(totals: LoadTotals): string {
  return JSON.stringify({ version: COUNTS_VERSION, ...totals });
}

/** What a load writes to. */
export interface LoadTables {
  /** Table name, `hybrid`, or the name of a combined load. */
  readonly table: string;
  /** The tables of a combined load. */
  readonly tables?: readonly string[] | undefined;
}

/** A batch of a load. */
export interface BatchName extends LoadTables {
  readonly loadId: string;
  readonly batchNo: number;
}

/** How many counts a load keeps. */
export function tallyCountOf({ table, tables }: LoadTables): number {
  return tables === undefined ? (table === HYBRID ? HYBRID_ENTITIES.length : 1) : tables.length + 1;
}

/**
 * Reads what {@link writeTotals} wrote, in this version or an older one.
 * @throws StorageError `COUNTS_UNREADABLE` when the JSON has another form
 */
export function readTotals(json: unknown, batch: BatchName): LoadTotals {
  const { loadId, batchNo } = batch;
  const kept = isObject(json) ? json : {};
  const totals = kept['version'] === undefined ? readVersion1(kept) : kept;
  const { tables, rejects = [], skippedReasons = {}, unknownFields = {} } = totals;
  // Versions before deleteWhen named it `deleted`.
  const removed = totals['removed'] ?? totals['deleted'];
  const isReadable =
    (kept['version'] === undefined || kept['version'] === COUNTS_VERSION) &&
    Array.isArray(tables) &&
    tables.length === tallyCountOf(batch) &&
    tables.every((counts) => isObject(counts) && COUNT_NAMES.every((name) => isCount({ ...ADDED, ...counts }[name]))) &&
    isCount(removed) &&
    Array.isArray(rejects) &&
    [skippedReasons, unknownFields].every((counts) => isObject(counts) && Object.values(counts).every(isCount));
  if (!isReadable) {
    throw new StorageError(
      'COUNTS_UNREADABLE',
      `The counts of batch ${batchNo} of load ${loadId} have a form that this version cannot read. ` +
        'If a newer version of harbor-storage wrote them, upgrade to it.',
    );
  }
  return {
    tables: tables.map((counts: Json) => ({ ...ADDED, ...counts })),
    removed,
    rejects,
    skippedReasons,
    unknownFields,
  } as unknown as LoadTotals;
}

type Json = Readonly<Record<string, unknown>>;

const COUNT_NAMES = Object.keys(NO_COUNTS);

/** Counts that rows of older versions do not have. */
const ADDED: Json = { deleted: 0 };

function isObject(json: unknown): json is Json {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function isCount(json: unknown): json is number {
  return Number.isSafeInteger(json) && Number(json) >= 0;
}

/** Version 1 kept what all tables share only once, and counted the records without a row for a table as `notMeant`. */
function readVersion1(kept: Json): Json {
  const { received, rejected, failed, skippedReasons = {}, targets } = kept;
  if (!Array.isArray(targets) || !targets.every(isObject) || !isObject(skippedReasons)) {
    return {};
  }
  const skipped = sumOf(skippedReasons as CountsByName);
  const tables = targets.map(({ inserted, updated, unchanged, duplicates, notMeant = 0 }) => ({
    received,
    inserted,
    updated,
    unchanged,
    duplicates,
    skipped: skipped + Number(notMeant),
    rejected,
    failed,
  }));
  return { ...kept, tables, removed: targets[0]?.['deleted'] ?? 0 };
}
