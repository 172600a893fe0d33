import { LoadBatchEntity, LoadEntity } from '../entities/index.js';
import { quotedTableOf } from '../postgres/data-source.js';
import type { HistoryEntry } from '../stats/load-history.js';
import type { Questions } from './questions.js';

/** A load without an end. */
export interface RunningLoad extends HistoryEntry {
  /** Batches committed so far, of all attempts. */
  readonly batches: number;
  /**
   * When it last gave a sign of life: its last committed batch, else its start. A replace and a load in one transaction give
   * none until they end.
   */
  readonly lastSignAt: Date;
  /** Time since then, by the server's clock, in milliseconds. */
  readonly silentMs: number;
  /** Silent for longer than the given time: its process was probably killed. */
  readonly stalled: boolean;
}

/** Loads without an end. */
export interface RunningLoads {
  /** How many there are, and how many of them are stalled; counted up to {@link RUNNING_COUNTED}. */
  readonly count: number;
  readonly stalled: number;
  /** Those with the latest signs of life first. */
  readonly loads: readonly RunningLoad[];
}

/** Selects running loads. */
export interface RunningFilter {
  /** How long a load may be silent before it counts as stalled, in milliseconds. @default 900000 (15 minutes) */
  readonly stalledAfterMs?: number | undefined;
  /** Loads that are returned with all their counts. @default 50 */
  readonly limit?: number | undefined;
}

/** Running loads that are counted at most. */
export const RUNNING_COUNTED = 1_000;

const STALLED_AFTER_MS = 15 * 60_000;
const DEFAULT_LIMIT = 50;

type Sign = Pick<RunningLoad, 'loadId' | 'batches' | 'lastSignAt' | 'silentMs'>;

/** Loads without an end, and when each gave its last sign of life. */
export async function readRunning(
  { dataSource, query, history }: Questions,
  { stalledAfterMs = STALLED_AFTER_MS, limit = DEFAULT_LIMIT }: RunningFilter,
): Promise<RunningLoads> {
  const signs = await query<Sign>(
    `SELECT l.id AS "loadId", b.batches, s.at AS "lastSignAt",
            GREATEST(EXTRACT(epoch FROM clock_timestamp() - s.at) * 1000, 0)::float8 AS "silentMs"
       FROM (SELECT id, started_at FROM ${quotedTableOf(dataSource, LoadEntity)}
              WHERE status = 'running' ORDER BY started_at DESC LIMIT $1) AS l
      CROSS JOIN LATERAL (SELECT count(*)::float8 AS batches, max(committed_at) AS last
                            FROM ${quotedTableOf(dataSource, LoadBatchEntity)} WHERE load_id = l.id) AS b
      CROSS JOIN LATERAL (SELECT COALESCE(b.last, l.started_at) AS at) AS s
      ORDER BY s.at DESC, l.id`,
    [RUNNING_COUNTED],
  );
  const entries = new Map<string, HistoryEntry>();
  for (const entry of await history.findAll(signs.slice(0, limit).map(({ loadId }) => loadId))) {
    entries.set(entry.loadId, entry);
  }
  const isStalled = ({ silentMs }: Sign): boolean => silentMs > stalledAfterMs;
  return {
    count: signs.length,
    stalled: signs.filter(isStalled).length,
    loads: signs.flatMap((sign) => {
      const entry = entries.get(sign.loadId);
      // It may have ended meanwhile.
      return entry?.status === 'running' ? [{ ...entry, ...sign, stalled: isStalled(sign) }] : [];
    }),
  };
}
