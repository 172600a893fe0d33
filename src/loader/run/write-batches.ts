import { keysOf, type PreparedBatch } from '../read/batch-builder.js';
import type { BatchWriter } from './batch-writer.js';
import type { InFlight } from './in-flight.js';

/** How the batches of a load are read and written. */
interface BatchStream {
  readonly inFlight: InFlight;
  readonly batches: AsyncIterable<PreparedBatch>;
  readonly writer: BatchWriter;
  /** Called before the first batch is written. */
  readonly begin: () => Promise<void>;
  /** Takes a batch that was read and not sent, because another one has failed. */
  readonly onUnsent: (error: unknown, batch: PreparedBatch) => void;
}

/** Writes batches as they are read, several side by side; throws the first error that stops the load. */
export async function writeBatches({ inFlight, batches, writer, begin, onUnsent }: BatchStream): Promise<void> {
  let waiting: PreparedBatch | undefined;
  try {
    for await (const batch of batches) {
      waiting = batch;
      if (batch.batchNo === 0) {
        await begin();
      }
      const keys = keysOf(batch);
      await inFlight.start(keys, (untilEarlierEnd) => {
        waiting = undefined;
        return writer.writeOne(batch, keys, untilEarlierEnd);
      });
    }
    await inFlight.finish();
  } catch (caught) {
    await inFlight.settle();
    const error: unknown = inFlight.failure.aborted ? inFlight.failure.reason : caught;
    if (waiting !== undefined) {
      // Nothing of it was sent, whatever became of the COMMIT of another.
      onUnsent(error, waiting);
    }
    throw error;
  }
}
