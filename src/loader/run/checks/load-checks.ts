import type { LoadTotals } from '../../../stats/load-totals.js';
import type { LoadJob } from '../../model/load-job.js';
import type { PreparedBatch } from '../../read/batch-builder.js';
import type { LoadSession } from '../../write/session/load-session.js';
import { DeletionCheck } from './deletion-check.js';
import { SequenceCheck } from './sequence-check.js';

/** What a load looks for in its records, and warns of at its end. */
export class LoadChecks {
  private readonly sequences = new SequenceCheck();
  private readonly deletion = new DeletionCheck();

  note(job: LoadJob, batch: PreparedBatch): void {
    this.sequences.note(job, batch);
    this.deletion.note(batch);
  }

  /** Notes each batch that passes. */
  async *follow(job: () => LoadJob, batches: AsyncIterable<PreparedBatch>): AsyncGenerator<PreparedBatch> {
    for await (const batch of batches) {
      this.note(job(), batch);
      yield batch;
    }
  }

  /** Once the load is done. A failure is only a warning, since the rows are loaded. */
  async finish(session: LoadSession, job: LoadJob, totals: LoadTotals): Promise<void> {
    await this.sequences.finish(session, job);
    this.deletion.finish(session.context, job, totals);
  }
}
