import type { RejectedRecord } from '../../quarantine/rejected-records.js';
import type { DatabaseFault } from '../../postgres/faults/database-fault.js';
import { type LoadCounts, NO_COUNTS } from '../../results/load-counts.js';
import { addToEach, emptyTotals, type LoadTotals, recordCounts, summarizeRejects } from '../../stats/load-totals.js';
import { countsByName } from '../../stats/name-counter.js';
import { sqlstateReason } from '../../records/reject-reasons.js';
import { type LoadJob, tallyCount } from '../model/load-job.js';
import { keyValuesOf, type LoadUnit, partsOf, showKey } from '../model/load-unit.js';
import type { SkipReason, StoredRecord, WrittenRecord } from '../model/row-outcome.js';
import type { StoredRows, WriteCounts } from './write-staged.js';

/** What became of the records of units. */
export interface WriteOutcome {
  /** For each table of the load, and the records where they are counted apart. */
  readonly tables: readonly LoadCounts[];
  readonly rejected: readonly RejectedRecord[];
  /** The records that are stored, where the caller of the load asks; else empty. */
  readonly stored: readonly (WrittenRecord | StoredRecord)[];
}

export function emptyOutcome(job: LoadJob): WriteOutcome {
  return { tables: emptyTotals(tallyCount(job)).tables, rejected: [], stored: [] };
}

export function addOutcomes(a: WriteOutcome, b: WriteOutcome): WriteOutcome {
  return {
    tables: addToEach(a.tables, b.tables),
    rejected: [...a.rejected, ...b.rejected],
    stored: [...a.stored, ...b.stored],
  };
}

/**
 * The outcome of units that are stored.
 * @param counts - what the database did in each table
 * @param rows - what it did with each row
 */
export function storedOutcome(
  job: Pick<LoadJob, 'options' | 'targets' | 'hasKeysApart'>,
  units: readonly LoadUnit[],
  counts: readonly WriteCounts[],
  rows?: StoredRows,
): WriteOutcome {
  const tables = counts.map((written, target) => {
    const parts = countParts(units, target);
    return { ...NO_COUNTS, ...written, ...parts, skipped: written.skipped + parts.skipped };
  });
  if (job.hasKeysApart) {
    tables.push(countRecords(units));
  }
  return {
    tables,
    rejected: [],
    stored:
      rows === undefined ? storedRecords(job, units) : units.flatMap((unit) => writtenRecords(job.options, unit, rows)),
  };
}

/** The records of units that are stored in several tables, where the caller of the load asks. */
export function storedRecords(
  { options, targets }: Pick<LoadJob, 'options' | 'targets'>,
  units: readonly LoadUnit[],
): StoredRecord[] {
  if (options.returning === undefined || targets.length === 1) {
    return [];
  }
  return units.flatMap((unit) => {
    const parts = partsOf(unit);
    const owner = isWritten(unit) ? parts.length - 1 : undefined;
    return parts.map(({ position }, index) => ({
      position,
      outcome: index === owner ? 'stored' : 'duplicate',
    }));
  });
}

/** Of the records folded into a unit, one has the row: in an insert the first, else the last. The others are its duplicates. */
function writtenRecords({ disposition }: LoadJob['options'], unit: LoadUnit, stored: StoredRows): WrittenRecord[] {
  const parts = partsOf(unit);
  const owner = disposition === 'insert' ? 0 : parts.length - 1;
  return unit.rows.flatMap((row) => {
    const written = row && stored.get(row);
    return written === undefined
      ? []
      : parts.map(({ position }, index) => ({
          position,
          outcome: index === owner ? written.outcome : 'duplicate',
          values: written.values,
        }));
  });
}

/** The totals of what was written or rejected. */
export function totalsOfOutcome({ tables, rejected }: WriteOutcome): LoadTotals {
  const totals = { ...emptyTotals(tables.length), tables, rejects: summarizeRejects(rejected) };
  // Every record has a row in the last table, which only an update skips.
  const { skipped } = recordCounts(totals);
  const reason: SkipReason = 'not_stored';
  return skipped === 0 ? totals : { ...totals, skippedReasons: countsByName([[reason, skipped]]) };
}

/** The outcome of rejected records. */
export function rejectedOutcome(job: LoadJob, rejected: readonly RejectedRecord[]): WriteOutcome {
  const counts = { ...NO_COUNTS, received: rejected.length, rejected: rejected.length };
  return { tables: Array.from({ length: tallyCount(job) }, () => counts), rejected, stored: [] };
}

/** The record of a unit that Postgres rejected by `fault`. */
export function rejectUnit(job: LoadJob, unit: LoadUnit, fault: DatabaseFault): RejectedRecord {
  const { code, column, message } = fault;
  return { ...rejectedOf(job, unit), rejection: { rule: sqlstateReason(code), column, message } };
}

/** A rejected unit, without the reason. */
export function rejectedOf(job: LoadJob, { position, source, rows }: LoadUnit): Omit<RejectedRecord, 'rejection'> {
  const values = keyValuesOf(job, rows);
  return { position, source, key: values === undefined ? undefined : showKey(values) };
}

/** Stored records, counted apart from their rows; one whose rows earlier records have, too, is a duplicate. */
function countRecords(units: readonly LoadUnit[]): LoadCounts {
  const written = units.filter(isWritten).length;
  return { ...NO_COUNTS, received: units.length, inserted: written, duplicates: units.length - written };
}

function isWritten({ rows }: LoadUnit): boolean {
  return rows.some((row) => row !== undefined);
}

/**
 * Of the records folded into a unit, those with rows for the table have stored rows and duplicates of these. A record with
 * several rows counts once for each.
 */
function countParts(
  units: readonly LoadUnit[],
  target: number,
): Pick<LoadCounts, 'received' | 'duplicates' | 'skipped'> {
  const counts = { received: 0, duplicates: 0, skipped: 0 };
  for (const unit of units) {
    const parts = partsOf(unit);
    let rows = 0;
    for (const part of parts) {
      const own = countRows(part, target);
      rows += own;
      counts.received += Math.max(1, own);
      counts.skipped += own === 0 ? 1 : 0;
    }
    counts.duplicates += rows - countRows(unit, target);
  }
  return counts;
}

function countRows({ rows, more }: LoadUnit, target: number): number {
  return rows[target] === undefined ? 0 : 1 + (more?.[target]?.length ?? 0);
}
