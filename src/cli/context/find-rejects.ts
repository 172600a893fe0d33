import { RejectedRecordEntity } from '../../entities/index.js';
import { MAX_REJECTS_SHOWN, type RejectSummary } from '../../results/load-result.js';
import type { Storage } from './storage-context.js';

/** The first rejected records of a past load, without their raw bytes. */
export async function findRejects(storage: Storage, loadId: string): Promise<RejectSummary[]> {
  const rows = await storage.dataSource.getRepository(RejectedRecordEntity).find({
    // TypeORM needs the key to tell rows apart.
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
