import { areFileRecords, type FileRecords } from '../../files/read-records.js';
import { type Reading, SourceRecord } from '../../records/source-record.js';
import type { BatchPlace } from '../../stats/load-ledger.js';
import { countsByName } from '../../stats/name-counter.js';
import type { LoadJob } from '../model/load-job.js';
import type { NormalizedRecords, RecordBytes, RecordThreads } from '../model/record-threads.js';
import { checkInterrupt } from '../model/stop-load.js';
import { type PreparedBatch, unitOf } from './batch-builder.js';
import { BatchCutter, type Builder } from './batch-cutter.js';
import { inOrder } from './in-order.js';
import { joinBatches, type ShardPiece } from './join-batches.js';
import { BATCH_BYTES, readBatches, readInto, type ReadOptions } from './read-batches.js';
import { ShardOwner } from './shard-owner.js';

/** A batch of records that are not parsed yet. */
interface UnparsedBatch {
  readonly place: BatchPlace;
  readonly records: readonly SourceRecord[];
}

/** Builds a batch of the records of a file. By their bytes, as in {@link BatchBuilder}, so that both cut the same batches. */
class UnparsedBatchBuilder implements Builder<UnparsedBatch> {
  private readonly records: SourceRecord[] = [];

  add(record: unknown): number {
    this.records.push(record as SourceRecord);
    return (record as SourceRecord).raw.length;
  }

  end(place: BatchPlace): UnparsedBatch {
    return { place, records: this.records };
  }
}

/**
 * Reads records into batches, taking no more from the source than the next batches need. Where there are several threads,
 * they parse, check and normalize the records of a file; the batches and their order are the same.
 * @param current - the job by the plans of now
 * @throws SourceBroken when the source throws
 * @throws StopLoad when the signal is aborted
 * @throws StorageError `WORKER_FAILED` when a thread ends
 */
export function readSource(
  current: () => LoadJob,
  records: Iterable<unknown> | AsyncIterable<unknown>,
  threads: RecordThreads,
  limits: Omit<ReadOptions, 'bytes' | 'owner'>,
): AsyncGenerator<PreparedBatch> {
  const options = { ...limits, bytes: BATCH_BYTES };
  const { options: load, hasKeysApart } = current();
  // A thread tells nothing of single records, and has no functions of the caller.
  const needsOwnThread = load.returning !== undefined || hasKeysApart;
  return threads.count > 1 && areFileRecords(records) && !needsOwnThread
    ? readInThreads(current, records, threads, options)
    : readBatches(current, records, { ...options, owner: load.shard && new ShardOwner(load.shard, current) });
}

async function* readInThreads(
  current: () => LoadJob,
  records: FileRecords,
  threads: RecordThreads,
  { signal, records: most, bytes: mostBytes, ...following }: ReadOptions,
): AsyncGenerator<PreparedBatch> {
  const limits = { records: most, bytes: mostBytes };
  const prepare = async ({ place, records: unparsed }: UnparsedBatch): Promise<ShardPiece> => {
    const job = current();
    const bytes = bytesOf(unparsed, place.firstPosition);
    const normalized = await threads.normalize(job, bytes);
    records.findings.add(normalized.found);
    const batch = normalized.own?.length === 0 ? undefined : preparedBatch(job, place, bytes, normalized);
    return { batch, bytes: normalized.bytes.byteLength, first: place.firstPosition, end: place.endPosition };
  };
  const pieces = inOrder(
    (stopped) =>
      readInto(new BatchCutter(limits, following, () => new UnparsedBatchBuilder()), records, signal.or(stopped)),
    prepare,
    threads.count + 1,
  );
  const batches =
    current().options.shard === undefined ? batchesOf(pieces) : joinBatches(pieces, limits, following.committed);
  for await (const batch of batches) {
    checkInterrupt(signal);
    yield batch;
  }
}

async function* batchesOf(pieces: AsyncIterable<ShardPiece>): AsyncGenerator<PreparedBatch> {
  for await (const { batch } of pieces) {
    if (batch !== undefined) {
      yield batch;
    }
  }
}

function bytesOf(records: readonly SourceRecord[], firstPosition: number): RecordBytes {
  const lengths = records.map(({ raw }) => raw.length);
  const bytes = new ArrayBuffer(lengths.reduce((sum, length) => sum + length, 0));
  const target = Buffer.from(bytes);
  let at = 0;
  for (const { raw } of records) {
    at += raw.copy(target, at);
  }
  const rejections = records.flatMap(({ earlyRejection }, index) =>
    earlyRejection === undefined ? [] : [[index, earlyRejection] as const],
  );
  // Records of a file are all read in one way.
  return { bytes, lengths, reading: records[0]?.reading as Reading, firstPosition, rejections: new Map(rejections) };
}

function preparedBatch(
  job: LoadJob,
  place: BatchPlace,
  { lengths, reading }: RecordBytes,
  { bytes, own, units, rejected, skippedReasons, unknownFields, carriesDeletion }: NormalizedRecords,
): PreparedBatch {
  let end = 0;
  const places = own ?? [...lengths.keys()];
  const sources = places.map((index) => {
    const length = lengths[index] as number;
    const raw = Buffer.from(bytes, end, length);
    end += length;
    return new SourceRecord(undefined, raw, undefined, reading.format === 'csv', reading);
  });
  const positionOf = (index: number): number => place.firstPosition + (places[index] as number);
  return {
    batchNo: place.batchNo,
    firstPosition: positionOf(0),
    endPosition: positionOf(places.length - 1) + 1,
    received: places.length,
    units: units.map(({ index, rows }) => unitOf(job, positionOf(index), sources[index], { rows })),
    rejected: rejected.map(({ index, key, rejection }) => ({
      position: positionOf(index),
      source: sources[index],
      key,
      rejection,
    })),
    skippedReasons: countsByName(skippedReasons),
    unknownFields: countsByName(unknownFields),
    carriesDeletion,
  };
}
