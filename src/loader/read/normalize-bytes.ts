import { RecordFindings } from '../../files/record-findings.js';
import { parserFor, renamesOf } from '../../files/reread-record.js';
import { SourceRecord } from '../../records/source-record.js';
import type { LoadJob } from '../model/load-job.js';
import type { NormalizedRecords, RecordBytes } from '../model/record-threads.js';
import { BatchBuilder } from './batch-builder.js';
import { CommittedBatches } from './committed-batches.js';

/** Parses, checks and normalizes records of a file, as in the thread of their load. */
export function normalizeBytes(job: LoadJob, { bytes, lengths, reading, rejections }: RecordBytes): NormalizedRecords {
  const findings = new RecordFindings(renamesOf(reading));
  const parse = parserFor(reading);
  const limits = { records: Infinity, bytes: Infinity };
  const builder = new BatchBuilder(() => job, limits, CommittedBatches.none(job.targets.length));
  let at = 0;
  for (const [index, length] of lengths.entries()) {
    const raw = Buffer.from(bytes, at, length);
    at += length;
    const rejection = rejections.get(index);
    builder.add(
      rejection === undefined
        ? SourceRecord.unparsed(raw, () => findings.finish(parse(raw)), reading)
        : new SourceRecord(undefined, raw, rejection, false, reading),
    );
  }
  const { units = [], rejected = [], skippedReasons = {}, unknownFields = {} } = builder.end() ?? {};
  return {
    bytes,
    units: units.map(({ position, rows }) => ({ index: position, rows })),
    rejected: rejected.map(({ position, key, rejection }) => ({ index: position, key, rejection })),
    skippedReasons: Object.entries(skippedReasons),
    unknownFields: Object.entries(unknownFields),
    found: findings.found,
  };
}
