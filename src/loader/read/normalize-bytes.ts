import { RecordFindings } from '../../files/record-findings.js';
import { parserFor, renamesOf } from '../../files/reread-record.js';
import { SourceRecord } from '../../records/source-record.js';
import type { LoadJob } from '../model/load-job.js';
import type { NormalizedRecords, RecordBytes } from '../model/record-threads.js';
import { BatchBuilder } from './batch-builder.js';

/** Parses, checks and normalizes records of a file, as in the thread of their load. */
export function normalizeBytes(job: LoadJob, { bytes, lengths, reading, rejections }: RecordBytes): NormalizedRecords {
  const findings = new RecordFindings(renamesOf(reading));
  const parse = parserFor(reading);
  const builder = new BatchBuilder(job);
  let at = 0;
  for (const [index, length] of lengths.entries()) {
    const raw = Buffer.from(bytes, at, length);
    at += length;
    const rejection = rejections.get(index);
    const record =
      rejection === undefined
        ? SourceRecord.unparsed(raw, () => findings.finish(parse(raw)), reading)
        : new SourceRecord(undefined, raw, rejection, false, reading);
    builder.add(record, index);
  }
  const place = { batchNo: 0, firstPosition: 0, received: lengths.length };
  const { units, rejected, skippedReasons, unknownFields, carriesDeletion } = builder.end(place);
  return {
    bytes,
    units: units.map(({ position, rows }) => ({ index: position, rows })),
    rejected: rejected.map(({ position, key, rejection }) => ({ index: position, key, rejection })),
    skippedReasons: Object.entries(skippedReasons),
    unknownFields: Object.entries(unknownFields),
    carriesDeletion,
    found: findings.found,
  };
}
