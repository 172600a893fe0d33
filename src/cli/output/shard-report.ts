import { loadedOf } from '../../results/load-counts.js';
import type { ShardReport } from '../../results/load-result.js';
import { commandFor } from '../../schema/table/migrate-command.js';
import type { ShardEntry } from '../../stats/shards/shard-history.js';
import { type GlobalOptions, printResult, printTable } from './output.js';

const MS = 1_000;

/** Says whose counts a result has, and whether the load is complete. */
export function printShard(
  { shard, loadId }: { readonly shard?: ShardReport | undefined; readonly loadId: string },
  { dataSource }: GlobalOptions,
): void {
  if (shard !== undefined) {
    const { index, count, loadCompleted } = shard;
    const rest = loadCompleted
      ? 'All shards have completed, so the load is complete.'
      : `Other shards have not completed. List them: ${commandFor(`loads show ${loadId}`, dataSource)}`;
    printResult(`These are the counts of shard ${index}/${count}. ${rest}`);
  }
}

/** Prints the shards of a load. */
export function printShards(shards: readonly ShardEntry[]): void {
  if (shards.length > 0) {
    printTable(
      ['shard', 'status', 'attempt', 'received', 'loaded', 'rejected', 'failed', 'seconds', 'records/s', 'error'],
      shards.map(cellsOf),
    );
  }
}

function cellsOf(entry: ShardEntry): unknown[] {
  const { shard, status, attempt, received, stored, rejected, failed, error, startedAt, finishedAt } = entry;
  const counts = [attempt, received, loadedOf(entry) + (stored ?? 0), rejected, failed];
  const seconds = startedAt === null || finishedAt === null ? null : (finishedAt.getTime() - startedAt.getTime()) / MS;
  const rate = seconds === null || seconds <= 0 ? null : Math.round(received / seconds);
  return [shard, status, ...counts, seconds === null ? null : Math.round(seconds), rate, error && error.code];
}
