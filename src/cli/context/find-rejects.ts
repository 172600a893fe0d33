import type { INestApplicationContext } from '@nestjs/common';

import { RejectedRecordEntity } from '../../entities/index.js';
import { MAX_REJECTS_SHOWN, type RejectSummary } from '../../results/load-result.js';
import { dataSourceOf } from './storage-context.js';

/** The first records a load of the past rejected, without the records themselves. */
export async function findRejects(app: INestApplicationContext, loadId: string): Promise<RejectSummary[]> {
  const rows = await dataSourceOf(app)
    .getRepository(RejectedRecordEntity)
    .find({
      // Without its key TypeORM takes all rows for one.
      select: { id: true, position: true, reason: true, columnName: true, message: true },
      where: { loadId },
      order: { position: 'ASC', id: 'ASC' },
      take: MAX_REJECTS_SHOWN,
    });
  return rows.map(({ position, reason, columnName, message }) => ({
    position: Number(position),
    reason,
    column: columnName ?? undefined,
    message,
  }));
}
