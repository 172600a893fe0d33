import type { RejectedRecord } from '../../quarantine/rejected-records.js';
import { type Rejection, SourceRecord } from '../../records/source-record.js';
import { StorageError } from '../../errors/index.js';
import { NO_COUNTS } from '../../results/load-counts.js';
import { type LoadTotals, summarizeRejects } from '../../stats/load-totals.js';
import { type CountsByName, NameCounter, sumOf } from '../../stats/name-counter.js';
import type { CommittedBatches } from './committed-batches.js';
import type { LoadJob } from '../model/load-job.js';
import type { Field } from '../model/load-plan.js';
import { joinKey, keyValuesOf, type LoadUnit, showKey } from '../model/load-unit.js';
import { charactersOf, type Row } from '../model/row.js';
import { sourceOf, takeRecord, type TakenRecord } from './take-record.js';

/** The records of one transaction, normalized and checked, sorted by what becomes of them. */
export interface PreparedBatch {
  readonly batchNo: number;
  readonly firstPosition: number;
  readonly received: number;
  readonly units: readonly LoadUnit[];
  readonly rejected: readonly RejectedRecord[];
  readonly skippedReasons: CountsByName;
  readonly unknownFields: CountsByName;
}

/** How much one batch holds, at most; a single record always fits. */
export interface BatchLimits {
  readonly records: number;
  readonly bytes: number;
}

/**
 * Builds batches, record by record. Each record is normalized and checked as it comes, so that only what will be written
 * of it is held.
 */
export class BatchBuilder {
  private units: LoadUnit[] = [];
  private rejected: RejectedRecord[] = [];
  private readonly skipped = new NameCounter();
  private readonly unknown = new NameCounter();
  private received = 0;
  private bytes = 0;
  private batchNo: number;
  private firstPosition = 0;
  private readonly isCommitted: (position: number) => boolean;

  private job: LoadJob;
  private fields: readonly ReadonlyMap<string, Field>[] = [];

  /** @param current - the job by the plans of now; a batch is normalized by the job at its first record */
  constructor(
    private readonly current: () => LoadJob,
    private readonly limits: BatchLimits,
    private readonly committed: CommittedBatches,
  ) {
    this.job = current();
    this.batchNo = committed.nextBatchNo;
    this.isCommitted = committed.follow();
  }

  /**
   * Takes the next record. A record that is committed already is passed over, and ends the batch before it.
   * @returns the batch that ended with it
   */
  add(record: unknown): PreparedBatch | undefined {
    const position = this.firstPosition + this.received;
    if (this.isCommitted(position)) {
      const ended = this.received === 0 ? undefined : this.take();
      this.firstPosition += 1;
      return ended;
    }
    if (this.received === 0) {
      this.job = this.current();
      this.fields = this.job.targets.map(({ plan }) => plan.fields);
    }
    this.normalize(record, position);
    const isFull = this.received >= this.limits.records || this.bytes >= this.limits.bytes;
    return isFull ? this.take() : undefined;
  }

  /**
   * The last batch, at the end of the input.
   * @throws StorageError `SOURCE_CHANGED` when the input is shorter than what earlier attempts have committed
   */
  end(): PreparedBatch | undefined {
    const position = this.firstPosition + this.received;
    if (position < this.committed.end) {
      throw new StorageError(
        'SOURCE_CHANGED',
        `The input ended after ${position} records, but earlier attempts with this load key have committed ` +
          `${this.committed.end}. Load the same input again, in the same order, or use another load key.`,
      );
    }
    return this.received === 0 ? undefined : this.take();
  }

  private normalize(record: unknown, position: number): void {
    this.received += 1;
    const taken = takeRecord(record, this.fields);
    const { source } = taken;
    this.bytes += source instanceof SourceRecord ? source.raw.length : 0;
    if (taken.rejection !== undefined) {
      this.reject(taken, position, taken.rejection);
      return;
    }
    const prepared = this.job.prepare(taken.content, taken.textual);
    if (prepared.kind === 'skip') {
      this.skipped.add([prepared.reason]);
    } else if (prepared.kind === 'rejection') {
      this.reject(taken, position, prepared.rejection);
    } else {
      this.unknown.add(prepared.unknown);
      this.units.push(unitOf(this.job, position, sourceOf(taken), prepared.rows));
      this.bytes += source instanceof SourceRecord ? 0 : sizeOf(prepared.rows);
    }
  }

  private reject(taken: TakenRecord, position: number, rejection: Rejection): void {
    const key = keyForQuarantine(this.job, taken.content);
    this.rejected.push({ position, source: sourceOf(taken), key, rejection });
  }

  /** The batch built so far; the next record begins another. */
  private take(): PreparedBatch {
    const { batchNo, firstPosition, received, units, rejected } = this;
    const batch = {
      batchNo,
      firstPosition,
      received,
      units,
      rejected,
      skippedReasons: this.skipped.take(),
      unknownFields: this.unknown.take(),
    };
    [this.units, this.rejected] = [[], []];
    [this.received, this.bytes] = [0, 0];
    this.batchNo += 1;
    this.firstPosition += received;
    return batch;
  }
}

/** The totals of a batch's records that are not written: skipped, or rejected when they were read. */
export function unwrittenTotals(
  { rejected, skippedReasons, unknownFields }: PreparedBatch,
  { targets }: LoadJob,
): LoadTotals {
  const skipped = sumOf(skippedReasons);
  const counts = { ...NO_COUNTS, received: rejected.length + skipped, skipped, rejected: rejected.length };
  const tables = targets.map(() => counts);
  return { tables, deleted: 0, rejects: summarizeRejects(rejected), skippedReasons, unknownFields };
}

/** Bytes of a record that came as an object, at least. */
function sizeOf(rows: readonly (Row | undefined)[]): number {
  return rows.reduce((size, row) => size + (row === undefined ? 0 : charactersOf(row)), 0);
}

/** The keys of a batch's records. */
export function keysOf(batch: PreparedBatch): ReadonlySet<string> {
  return new Set(batch.units.map(({ key }) => key).filter((key) => key !== undefined));
}

function unitOf(job: LoadJob, position: number, source: unknown, rows: readonly (Row | undefined)[]): LoadUnit {
  const key = keyValuesOf(job, rows);
  return { position, source, key: key && joinKey(key), rows, parts: [] };
}

/** The key of a rejected record, where it can be read and stored. */
function keyForQuarantine(job: LoadJob, content: unknown): string | undefined {
  if (typeof content !== 'object' || content === null) {
    return undefined;
  }
  const parts = job.targets[0]?.key.map(({ name, property }) => {
    const value = Object.getOwnPropertyDescriptor(content, Object.hasOwn(content, name) ? name : property)
      ?.value as unknown;
    return typeof value === 'number' ? String(value) : value;
  });
  const storable = parts?.every((part) => typeof part === 'string' && part.isWellFormed() && !part.includes('\0'));
  return storable === true ? showKey(parts as string[]) : undefined;
}
