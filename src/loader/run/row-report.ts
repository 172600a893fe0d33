import type { ObjectLiteral } from 'typeorm';

import { StorageError } from '../../errors/index.js';
import type { RejectedRecord } from '../../quarantine/rejected-records.js';
import type { LoadJob, ReturnedColumns } from '../model/load-job.js';
import type { AnyOutcome, RowOutcome, StoredRecord, WrittenRecord } from '../model/row-outcome.js';
import { WITH_ITS_TRANSACTION } from '../model/stop-load.js';
import type { PreparedBatch } from '../read/batch-builder.js';

/**
 * What became of the records of a batch, by its last attempt that wrote. If that is not committed, neither is the batch; if
 * it is, no later attempt writes.
 */
export class BatchReport {
  private outcomes: readonly AnyOutcome[] = [];

  /** In input order. */
  get rows(): readonly AnyOutcome[] {
    return this.outcomes;
  }

  /** Notes what an attempt has done. */
  note(
    { targets, options }: LoadJob,
    { readRecords = [] }: PreparedBatch,
    stored: readonly (WrittenRecord | StoredRecord)[],
    rejected: readonly RejectedRecord[],
  ): void {
    if (options.returning === undefined) {
      return;
    }
    const returned = targets[0]?.returned;
    const keys = new Map(readRecords.map(({ position, key }) => [position, key]));
    // The rows of several tables have no key and no columns in common.
    const recordAt = (position: number) =>
      returned === undefined ? { position } : { position, key: keys.get(position) };
    const outcomes = stored.map((record): AnyOutcome =>
      'values' in record ? outcomeOf(returned as ReturnedColumns, record, keys.get(record.position)) : record,
    );
    for (const { position, rejection } of rejected) {
      const { rule: reason, column, message } = rejection;
      outcomes.push({ ...recordAt(position), outcome: 'rejected', reason, column, message });
    }
    for (const { position, skipped: reason } of readRecords) {
      if (reason !== undefined) {
        outcomes.push({ ...recordAt(position), outcome: 'skipped', reason });
      }
    }
    this.outcomes = outcomes.sort((a, b) => a.position - b.position);
  }
}

/** @param carriedKey - the key as the record carries it */
function outcomeOf(
  { columns, keyColumns }: ReturnedColumns,
  { position, outcome, values }: WrittenRecord,
  carriedKey: ObjectLiteral | undefined,
): RowOutcome {
  if (outcome === 'skipped') {
    return { position, key: carriedKey, outcome, reason: 'not_stored' };
  }
  const [key, row]: [ObjectLiteral, ObjectLiteral] = [{}, {}];
  columns.forEach(({ put }, index) => put(index < keyColumns ? key : row, values[index]));
  return { position, key, outcome, row };
}

/** Takes what became of the records of a batch, once it is committed. */
export type RowsListener = (rows: readonly AnyOutcome[]) => unknown;

/**
 * Hands over the rows of a batch that is committed, or written in a caller's transaction.
 * @throws StorageError `ROWS_NOT_TAKEN` when the listener throws
 */
export async function handOver(rows: readonly AnyOutcome[], listener: RowsListener, isJoined: boolean): Promise<void> {
  if (rows.length === 0) {
    return;
  }
  try {
    await listener(rows);
  } catch (error) {
    const rest = isJoined ? WITH_ITS_TRANSACTION : 'What is committed stays';
    throw new StorageError('ROWS_NOT_TAKEN', `onRows threw an error. ${rest}`, { cause: error });
  }
}
