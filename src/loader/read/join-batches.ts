import { addByName } from '../../stats/name-counter.js';
import type { BatchLimits } from './batch-cutter.js';
import type { CommittedBatches } from './committed-batches.js';
import type { PreparedBatch } from './batch-builder.js';

/** Records of a shard, out of consecutive records of the input. */
export interface ShardPiece {
  /** The batch that they would be; undefined where none of the records is the shard's. */
  readonly batch: PreparedBatch | undefined;
  readonly bytes: number;
  /** Positions of all records, up to and without `end`. */
  readonly first: number;
  readonly end: number;
}

/**
 * Joins what a shard has of the pieces of an input into batches of usual size, and numbers them. Pieces with committed records
 * between them stay apart.
 */
export async function* joinBatches(
  pieces: AsyncIterable<ShardPiece>,
  limits: BatchLimits,
  { nextBatchNo, batchStep }: Pick<CommittedBatches, 'nextBatchNo' | 'batchStep'>,
): AsyncGenerator<PreparedBatch> {
  let batchNo = nextBatchNo;
  let [joined, bytes, readTo]: [PreparedBatch | undefined, number, number] = [undefined, 0, 0];
  const take = (batch: PreparedBatch): PreparedBatch => {
    const numbered = { ...batch, batchNo };
    batchNo += batchStep;
    return numbered;
  };
  for await (const { batch, bytes: more, first, end } of pieces) {
    const fits =
      joined === undefined ||
      (first === readTo && joined.received + (batch?.received ?? 0) <= limits.records && bytes + more <= limits.bytes);
    if (joined !== undefined && !fits) {
      yield take(joined);
      [joined, bytes] = [undefined, 0];
    }
    if (batch !== undefined) {
      joined = joined === undefined ? batch : join(joined, batch);
      bytes += more;
    }
    readTo = end;
  }
  if (joined !== undefined) {
    yield take(joined);
  }
}

function join(a: PreparedBatch, b: PreparedBatch): PreparedBatch {
  return {
    batchNo: a.batchNo,
    firstPosition: a.firstPosition,
    endPosition: b.endPosition,
    received: a.received + b.received,
    units: [...a.units, ...b.units],
    rejected: [...a.rejected, ...b.rejected],
    skippedReasons: addByName(a.skippedReasons, b.skippedReasons),
    unknownFields: addByName(a.unknownFields, b.unknownFields),
    carriesDeletion: a.carriesDeletion || b.carriesDeletion,
  };
}
