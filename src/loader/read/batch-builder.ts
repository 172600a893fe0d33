import { LosslessNumber } from 'lossless-json';
import type { ObjectLiteral } from 'typeorm';

import type { RejectedRecord } from '../../quarantine/rejected-records.js';
import { type Rejection, SourceRecord } from '../../records/source-record.js';
import { NO_COUNTS } from '../../results/load-counts.js';
import type { BatchPlace } from '../../stats/load-ledger.js';
import { type LoadTotals, summarizeRejects } from '../../stats/load-totals.js';
import { type CountsByName, NameCounter, sumOf } from '../../stats/name-counter.js';
import type { Builder } from './batch-cutter.js';
import { type LoadJob, type Prepared, tallyCount } from '../model/load-job.js';
import type { Field } from '../model/load-plan.js';
import { identityOf, keyedRowsOf, type LoadUnit, showKey } from '../model/load-unit.js';
import { charactersOf, COPY_FROM_ROWS } from '../model/row.js';
import type { ReadRecord, SkipReason } from '../model/row-outcome.js';
import { givenOf, sourceOf, takeRecord, type TakenRecord } from './take-record.js';
import type { UnitPacker } from './unit-packer.js';

/** The records of one transaction, normalized and checked, sorted by what becomes of them. */
export interface PreparedBatch extends BatchPlace {
  readonly units: readonly LoadUnit[];
  readonly rejected: readonly RejectedRecord[];
  readonly skippedReasons: CountsByName;
  readonly unknownFields: CountsByName;
  /** Whether a record has the field that says whether it deletes its row, whatever it says. */
  readonly carriesDeletion: boolean;
  /** All records, where the caller of the load asks what became of each. */
  readonly readRecords?: readonly ReadRecord[] | undefined;
}

/** The rows of a record. */
type UnitRows = Pick<Extract<Prepared, { kind: 'rows' }>, 'rows' | 'more'>;

/** Builds a batch. Each record is normalized and checked as it comes, so that only what will be written of it is held. */
export class BatchBuilder implements Builder<PreparedBatch> {
  private units: LoadUnit[] = [];
  private readonly rejected: RejectedRecord[] = [];
  private readonly skipped = new NameCounter();
  private readonly unknown = new NameCounter();
  private readonly readRecords: ReadRecord[] | undefined;
  private readonly fields: readonly ReadonlyMap<string, Field>[];
  private carriesDeletion = false;

  /** @param packer - packs what a large batch holds */
  constructor(
    private readonly job: LoadJob,
    private readonly packer?: UnitPacker,
  ) {
    // Where its rows are made of other objects, a record is only kept.
    this.fields = job.hasKeysApart ? [] : job.targets.map(({ plan }) => plan.fields);
    this.readRecords = job.options.returning === undefined ? undefined : [];
  }

  add(record: unknown, position: number): number {
    const taken = takeRecord(record, this.fields);
    const { source } = taken;
    const bytes = source instanceof SourceRecord ? source.raw.length : undefined;
    if (taken.rejection !== undefined) {
      this.noteRead(taken, position);
      this.reject(taken, position, taken.rejection);
      return bytes ?? 0;
    }
    this.carriesDeletion ||= hasDeletionField(this.job, taken.content);
    const prepared = this.job.prepare(taken.content, taken.textual, givenOf(record));
    this.noteRead(taken, position, prepared.kind === 'skip' ? prepared.reason : undefined);
    if (prepared.kind === 'skip') {
      this.skipped.add([prepared.reason]);
    } else if (prepared.kind === 'rejection') {
      this.reject(taken, position, prepared.rejection);
    } else {
      this.unknown.add(prepared.unknown);
      this.addUnit(unitOf(this.job, position, sourceOf(taken), prepared));
      return bytes ?? sizeOf(prepared);
    }
    return bytes ?? 0;
  }

  end(place: BatchPlace): PreparedBatch {
    const { units, rejected, carriesDeletion, readRecords } = this;
    const counts = { skippedReasons: this.skipped.counts(), unknownFields: this.unknown.counts() };
    return { ...place, units, rejected, ...counts, carriesDeletion, readRecords };
  }

  private noteRead({ content }: TakenRecord, position: number, skipped?: SkipReason): void {
    this.readRecords?.push({ position, key: carriedKey(this.job, content), skipped });
  }

  private addUnit(unit: LoadUnit): void {
    const { units, packer } = this;
    if (packer === undefined || units.length < COPY_FROM_ROWS) {
      units.push(unit);
      return;
    }
    if (units.length === COPY_FROM_ROWS) {
      this.units = units.map((earlier) => packer.pack(earlier));
    }
    this.units.push(packer.pack(unit));
  }

  private reject(taken: TakenRecord, position: number, rejection: Rejection): void {
    const key = keyForQuarantine(this.job, taken.content);
    this.rejected.push({ position, source: sourceOf(taken), key, rejection });
  }
}

/** The totals of a batch's records that are not written: skipped, or rejected when they were read. */
export function unwrittenTotals({ rejected, skippedReasons, unknownFields }: PreparedBatch, job: LoadJob): LoadTotals {
  const skipped = sumOf(skippedReasons);
  const counts = { ...NO_COUNTS, received: rejected.length + skipped, skipped, rejected: rejected.length };
  const tables = Array.from({ length: tallyCount(job) }, () => counts);
  return { tables, removed: 0, rejects: summarizeRejects(rejected), skippedReasons, unknownFields };
}

/** Bytes of a record that came as an object, at least. */
function sizeOf({ rows, more }: UnitRows): number {
  let size = 0;
  for (const row of rows) {
    size += row === undefined ? 0 : charactersOf(row);
  }
  more?.flat().forEach((row) => (size += charactersOf(row)));
  return size;
}

/** The keys of a batch's records. */
export function keysOf(batch: PreparedBatch): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { key } of batch.units) {
    if (key !== undefined) {
      keys.add(key);
    }
  }
  return keys;
}

/** A record that is written. */
export function unitOf(job: LoadJob, position: number, source: unknown, { rows, more }: UnitRows): LoadUnit {
  if (job.hasKeysApart) {
    const keyedRows = keyedRowsOf(job.targets, { rows, more });
    return { position, source, key: undefined, rows, more, keyedRows, parts: [] };
  }
  return { position, source, key: identityOf(job, rows), rows, parts: [] };
}

function hasDeletionField({ deletionNames }: LoadJob, content: unknown): boolean {
  const isObject = typeof content === 'object' && content !== null;
  return isObject && deletionNames?.some((name) => Object.hasOwn(content, name)) === true;
}

/** The values that a record has under the names of its key; undefined where it has none. */
function carriedValues(job: LoadJob, content: unknown): readonly (readonly [property: string, unknown])[] | undefined {
  if (typeof content !== 'object' || content === null) {
    return undefined;
  }
  return job.targets[0]?.key.map(({ name, property }) => [
    property,
    Object.getOwnPropertyDescriptor(content, Object.hasOwn(content, name) ? name : property)?.value as unknown,
  ]);
}

/** The key of a record as it came, by property. */
function carriedKey(job: LoadJob, content: unknown): ObjectLiteral | undefined {
  const carried = carriedValues(job, content)?.map(([property, value]) => [
    property,
    value instanceof LosslessNumber ? String(value) : value,
  ]);
  const isWhole = carried?.every(([, value]) => typeof value !== 'object' && value !== undefined);
  return isWhole === true ? (Object.fromEntries(carried as [string, unknown][]) as ObjectLiteral) : undefined;
}

/** The key of a rejected record, where it can be read and stored. */
function keyForQuarantine(job: LoadJob, content: unknown): string | undefined {
  if (job.hasKeysApart) {
    return undefined;
  }
  const parts = carriedValues(job, content)?.map(([, value]) =>
    typeof value === 'number' || value instanceof LosslessNumber ? String(value) : value,
  );
  const storable = parts?.every((part) => typeof part === 'string' && part.isWellFormed() && !part.includes('\0'));
  return storable === true ? showKey(parts as string[]) : undefined;
}
