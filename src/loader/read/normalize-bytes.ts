import { RecordFindings } from '../../files/record-findings.js';
import { parserFor, renamesOf } from '../../files/reread-record.js';
import { SourceRecord } from '../../records/source-record.js';
import type { LoadJob } from '../model/load-job.js';
import type { NormalizedRecords, RecordBytes } from '../model/record-threads.js';
import { BatchBuilder } from './batch-builder.js';
import { ShardOwner } from './shard-owner.js';

const NO_PLACE = { batchNo: 0, firstPosition: 0, endPosition: 0, received: 0 };

/**
 * Parses, checks and normalizes records of a file, as in the thread of their load. Of a shard, only its own records, and their
 * places are those among these.
 */
export function normalizeBytes(job: LoadJob, records: RecordBytes): NormalizedRecords {
  const { bytes, lengths, reading, rejections, firstPosition } = records;
  const findings = new RecordFindings(renamesOf(reading));
  const parse = parserFor(reading);
  const builder = new BatchBuilder(job);
  const { shard } = job.options;
  const owner = shard && new ShardOwner(shard, () => job);
  const own: number[] = [];
  let at = 0;
  for (const [index, length] of lengths.entries()) {
    const raw = Buffer.from(bytes, at, length);
    at += length;
    const rejection = rejections.get(index);
    const record =
      rejection === undefined
        ? SourceRecord.unparsed(raw, () => findings.finish(parse(raw)), reading)
        : new SourceRecord(undefined, raw, rejection, false, reading);
    if (owner === undefined) {
      builder.add(record, index);
    } else if (owner.own(record, firstPosition + index) !== undefined) {
      builder.add(record, own.length);
      own.push(index);
    }
  }
  const { units, rejected, skippedReasons, unknownFields, carriesDeletion } = builder.end(NO_PLACE);
  return {
    bytes: owner === undefined ? bytes : bytesOfSome(bytes, lengths, own),
    own: owner && own,
    units: units.map(({ position, rows }) => ({ index: position, rows })),
    rejected: rejected.map(({ position, key, rejection }) => ({ index: position, key, rejection })),
    skippedReasons: Object.entries(skippedReasons),
    unknownFields: Object.entries(unknownFields),
    carriesDeletion,
    found: findings.found,
  };
}

/** The bytes of some of the records: a batch must not hold those of other shards. */
function bytesOfSome(all: ArrayBuffer, lengths: readonly number[], places: readonly number[]): ArrayBuffer {
  const some = Buffer.from(new ArrayBuffer(places.reduce((sum, place) => sum + (lengths[place] as number), 0)));
  let [from, place, to] = [0, 0, 0];
  for (const own of places) {
    for (; place < own; place += 1) {
      from += lengths[place] as number;
    }
    to += Buffer.from(all, from, lengths[own]).copy(some, to);
  }
  return some.buffer;
}
