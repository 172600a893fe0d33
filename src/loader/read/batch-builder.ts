import { LosslessNumber } from 'lossless-json';

import type { RejectedRecord } from '../../quarantine/rejected-records.js';
import { type Rejection, SourceRecord } from '../../records/source-record.js';
import { NO_COUNTS } from '../../results/load-counts.js';
import type { BatchPlace } from '../../stats/load-ledger.js';
import { type LoadTotals, summarizeRejects } from '../../stats/load-totals.js';
import { type CountsByName, NameCounter, sumOf } from '../../stats/name-counter.js';
import type { Builder } from './batch-cutter.js';
import type { LoadJob } from '../model/load-job.js';
import type { Field } from '../model/load-plan.js';
import { joinKey, keyValuesOf, type LoadUnit, showKey } from '../model/load-unit.js';
import { charactersOf, COPY_FROM_ROWS, type Row } from '../model/row.js';
import { sourceOf, takeRecord, type TakenRecord } from './take-record.js';
import type { UnitPacker } from './unit-packer.js';

/** The records of one transaction, normalized and checked, sorted by what becomes of them. */
export interface PreparedBatch extends BatchPlace {
  readonly units: readonly LoadUnit[];
  readonly rejected: readonly RejectedRecord[];
  readonly skippedReasons: CountsByName;
  readonly unknownFields: CountsByName;
}

/** Builds a batch. Each record is normalized and checked as it comes, so that only what will be written of it is held. */
export class BatchBuilder implements Builder<PreparedBatch> {
  private units: LoadUnit[] = [];
  private readonly rejected: RejectedRecord[] = [];
  private readonly skipped = new NameCounter();
  private readonly unknown = new NameCounter();
  private readonly fields: readonly ReadonlyMap<string, Field>[];

  /** @param packer - packs what a large batch holds */
  constructor(
    private readonly job: LoadJob,
    private readonly packer?: UnitPacker,
  ) {
    this.fields = job.targets.map(({ plan }) => plan.fields);
  }

  add(record: unknown, position: number): number {
    const taken = takeRecord(record, this.fields);
    const { source } = taken;
    const bytes = source instanceof SourceRecord ? source.raw.length : undefined;
    if (taken.rejection !== undefined) {
      this.reject(taken, position, taken.rejection);
      return bytes ?? 0;
    }
    const prepared = this.job.prepare(taken.content, taken.textual);
    if (prepared.kind === 'skip') {
      this.skipped.add([prepared.reason]);
    } else if (prepared.kind === 'rejection') {
      this.reject(taken, position, prepared.rejection);
    } else {
      this.unknown.add(prepared.unknown);
      this.addUnit(unitOf(this.job, position, sourceOf(taken), prepared.rows));
      return bytes ?? sizeOf(prepared.rows);
    }
    return bytes ?? 0;
  }

  end(place: BatchPlace): PreparedBatch {
    const { units, rejected } = this;
    return { ...place, units, rejected, skippedReasons: this.skipped.counts(), unknownFields: this.unknown.counts() };
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
  let size = 0;
  for (const row of rows) {
    size += row === undefined ? 0 : charactersOf(row);
  }
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
export function unitOf(job: LoadJob, position: number, source: unknown, rows: readonly (Row | undefined)[]): LoadUnit {
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
    return typeof value === 'number' || value instanceof LosslessNumber ? String(value) : value;
  });
  const storable = parts?.every((part) => typeof part === 'string' && part.isWellFormed() && !part.includes('\0'));
  return storable === true ? showKey(parts as string[]) : undefined;
}
