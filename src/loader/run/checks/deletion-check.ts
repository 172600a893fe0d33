import { nearestName } from '../../../errors/nearest-name.js';
import { type LoadTotals, recordCounts } from '../../../stats/load-totals.js';
import type { LoadContext } from '../../model/load-context.js';
import type { LoadJob } from '../../model/load-job.js';
import type { PreparedBatch } from '../../read/batch-builder.js';

/**
 * Follows whether records carry the field of `deleteWhen`. Under a wrong name no record does, and the records that should
 * delete their rows update them.
 */
export class DeletionCheck {
  private isCarried = false;

  note({ carriesDeletion }: PreparedBatch): void {
    this.isCarried ||= carriesDeletion;
  }

  /** Once the load is done: warns where no record carried the field, but one with nearly its name. */
  finish({ logger }: LoadContext, { name, options: { deleteWhen } }: LoadJob, totals: LoadTotals): void {
    // Batches of an earlier attempt are not read again.
    if (deleteWhen === undefined || this.isCarried || recordCounts(totals).deleted > 0) {
      return;
    }
    const nearest = nearestName(deleteWhen, Object.keys(totals.unknownFields));
    if (nearest !== undefined) {
      logger.warn(
        `No record for ${name} has the field ${deleteWhen} of deleteWhen, so none deleted its row. ` +
          `Did you mean ${nearest}?`,
      );
    }
  }
}
