import { StorageError } from '../errors/index.js';
import type { RejectedRecord } from '../quarantine/rejected-records.js';
import { addCounts, type LoadCounts, NO_COUNTS } from '../results/load-counts.js';
import { MAX_REJECTS_SHOWN, type RejectSummary } from '../results/load-result.js';
import { addByName, type CountsByName, countsByName, sumOf } from './name-counter.js';

/** The accounting of a batch or of a load. `storage_load_batches` keeps it as JSON. */
export interface LoadTotals {
  /**
   * One for each table of the load, in the order they are written. Every record that is loaded has a row in the last
   * table, so the counts of the last table are those of the records.
   */
  readonly tables: readonly LoadCounts[];
  /** Rows removed by a replace. */
  readonly deleted: number;
  readonly rejects: readonly RejectSummary[];
  readonly skippedReasons: CountsByName;
  /** Fields without a column, by name. */
  readonly unknownFields: CountsByName;
}

export function emptyTotals(tables: number): LoadTotals {
  return {
    tables: Array.from({ length: tables }, () => NO_COUNTS),
    deleted: 0,
    rejects: [],
    skippedReasons: countsByName(),
    unknownFields: countsByName(),
  };
}

export function addTotals(a: LoadTotals, b: LoadTotals): LoadTotals {
  return {
    tables: addToEach(a.tables, b.tables),
    deleted: a.deleted + b.deleted,
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
const VERSION = 2;

/** The JSON that `storage_load_batches.counts` keeps. */
export function writeTotals(totals: LoadTotals): string {
  return JSON.stringify({ version: VERSION, ...totals });
}

/**
 * Reads what {@link writeTotals} wrote, in this version or an older one.
 * @throws StorageError `COUNTS_UNREADABLE` when the JSON has another form
 */
export function readTotals(json: unknown): LoadTotals {
  const kept = (json ?? {}) as Partial<LoadTotals> & { readonly version?: unknown };
  const { tables, deleted } = kept.version === undefined ? readVersion1(json) : kept;
  const isKnown = kept.version === undefined || kept.version === VERSION;
  if (!isKnown || !Array.isArray(tables) || tables.length === 0 || !tables.every(isCounts)) {
    throw new StorageError(
      'COUNTS_UNREADABLE',
      'storage_load_batches holds counts that this version cannot read. ' +
        'Upgrade harbor-storage to the version that wrote them, or load with another load key.',
    );
  }
  return {
    tables,
    deleted: deleted ?? 0,
    rejects: kept.rejects ?? [],
    skippedReasons: kept.skippedReasons ?? {},
    unknownFields: kept.unknownFields ?? {},
  };
}

const COUNT_NAMES = Object.keys(NO_COUNTS) as (keyof LoadCounts)[];

function isCounts(counts: LoadCounts): boolean {
  return COUNT_NAMES.every((name) => Number.isSafeInteger(counts[name]) && counts[name] >= 0);
}

/** Version 1 kept what all tables share only once, and counted the records without a row for a table as `notMeant`. */
interface TotalsOfVersion1 extends Pick<LoadCounts, 'received' | 'rejected' | 'failed'> {
  readonly skippedReasons: CountsByName;
  readonly targets: readonly (Pick<LoadCounts, 'inserted' | 'updated' | 'unchanged' | 'duplicates'> & {
    readonly notMeant: number;
    readonly deleted: number;
  })[];
}

function readVersion1(json: unknown): Partial<LoadTotals> {
  const { received, rejected, failed, skippedReasons, targets } = (json ?? {}) as Partial<TotalsOfVersion1>;
  const tables = targets?.map(({ inserted, updated, unchanged, duplicates, notMeant }) => ({
    received,
    inserted,
    updated,
    unchanged,
    duplicates,
    skipped: sumOf(skippedReasons ?? {}) + notMeant,
    rejected,
    failed,
  }));
  return { tables: tables as LoadCounts[] | undefined, deleted: targets?.[0]?.deleted };
}
