import type { RejectedRecord } from '../quarantine/rejected-records.js';
import { SourceRecord } from '../records/source-record.js';
import type { LoadJob } from './load-job.js';
import { KEY_SEPARATOR, keyValuesOf, type LoadUnit, showKey } from './load-unit.js';
import type { Row } from './row.js';

/** Records of one transaction, sorted by what becomes of them. */
export interface PreparedBatch {
  readonly batchNo: number;
  readonly firstPosition: number;
  readonly received: number;
  readonly units: readonly LoadUnit[];
  readonly refused: readonly RejectedRecord[];
  readonly skippedReasons: Readonly<Record<string, number>>;
  readonly discardedFields: Readonly<Record<string, number>>;
}

/** Normalises and checks the records of one batch; nothing is written yet. */
export function prepareBatch(
  job: LoadJob,
  records: readonly unknown[],
  batchNo: number,
  firstPosition: number,
): PreparedBatch {
  const units: LoadUnit[] = [];
  const refused: RejectedRecord[] = [];
  const skipped = new Map<string, number>();
  const discarded = new Map<string, number>();
  records.forEach((record, offset) => {
    const position = firstPosition + offset;
    const file = record instanceof SourceRecord ? record : undefined;
    if (file?.refusal !== undefined) {
      refused.push({ position, source: record, key: undefined, refusal: file.refusal });
      return;
    }
    const prepared = job.prepare(file === undefined ? record : file.value, file?.textual ?? false);
    if (prepared.kind === 'skip') {
      count(skipped, prepared.reason);
    } else if (prepared.kind === 'refusal') {
      refused.push({ position, source: record, key: keyForQuarantine(job, record), refusal: prepared.refusal });
    } else {
      prepared.discarded.forEach((name) => count(discarded, name));
      // Of a record of a file its bytes are enough; what was parsed from them may go.
      const source = file === undefined ? record : new SourceRecord(undefined, file.raw);
      units.push(unitOf(job, position, source, prepared.rows));
    }
  });
  return {
    batchNo,
    firstPosition,
    received: records.length,
    units,
    refused,
    skippedReasons: Object.fromEntries(skipped),
    discardedFields: Object.fromEntries(discarded),
  };
}

/** The keys of a batch's records. */
export function keysOf(batch: PreparedBatch): ReadonlySet<string> {
  return new Set(batch.units.map(({ key }) => key).filter((key) => key !== undefined));
}

function unitOf(job: LoadJob, position: number, source: unknown, rows: readonly (Row | undefined)[]): LoadUnit {
  return { position, source, key: keyValuesOf(job, rows)?.join(KEY_SEPARATOR), rows, parts: [] };
}

/** The key of a record that was refused, where it can be told and stored. */
function keyForQuarantine(job: LoadJob, record: unknown): string | undefined {
  const content: unknown = record instanceof SourceRecord ? record.value : record;
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

/** Names come from the input: there may be any number of them, and with any characters. */
const MAX_NAMES = 1_000;

function count(counters: Map<string, number>, field: string): void {
  const name = field.slice(0, 200).toWellFormed().replaceAll('\0', '\u{2400}');
  const counted = counters.has(name) || counters.size < MAX_NAMES ? name : '(others)';
  counters.set(counted, (counters.get(counted) ?? 0) + 1);
}
