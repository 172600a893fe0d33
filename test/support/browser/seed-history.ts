import { v7 } from 'uuid';

import type { StorageApp } from '../app/storage-app.js';
import { NO_COUNTS } from '../../../src/results/load-counts.js';

const HOUR = 3_600_000;

/** Loads into a table that come again and again. */
interface Feed {
  readonly table: string;
  readonly everyHours: number;
  readonly records: number;
  readonly source: string;
  /** How many hours ago the last one came. */
  readonly lastAgo: number;
}

const FEEDS: readonly Feed[] = [
  { table: 'hybrid', everyHours: 3, records: 1_800, source: 'reddit/posts', lastAgo: 0.6 },
  { table: 'prices', everyHours: 1, records: 420, source: 's3://imports/prices', lastAgo: 0.3 },
  { table: 'submissions', everyHours: 12, records: 5_200, source: 'backfill', lastAgo: 5 },
  // Comes once a day, and has not come for four.
  { table: 'customers', everyHours: 24, records: 310, source: 'crm/export', lastAgo: 100 },
];

const REASONS = [
  ['missing_key', 'id', 'A column of the key is absent or null.'],
  ['wrong_type', 'amount', 'The type of the value does not fit the column.'],
  ['23503', 'customer_id', 'The row refers to a row that does not exist.'],
  ['invalid_json', null, 'The bytes of the record are not valid JSON.'],
] as const;

/** Numbers from 0 to 1, always the same ones. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

/**
 * Writes a month of history as it grows in operation: feeds by the hour and by the day, one of them silent for days, failed
 * and interrupted loads, one that runs and one that was killed, and open rejected records by table and reason. The records
 * in quarantine are not valid: a replay rejects them again.
 */
export async function seedHistory({ rows }: Pick<StorageApp, 'rows'>, now = new Date()): Promise<void> {
  const random = numbersFrom(7);
  const loads: object[] = [];
  const batches: object[] = [];
  const rejects: object[] = [];
  for (const { table, everyHours, records, source, lastAgo } of FEEDS) {
    for (let ago = lastAgo; ago < 30 * 24; ago += everyHours) {
      const started = now.getTime() - ago * HOUR;
      const id = v7({ msecs: started });
      const wave = 0.6 + 0.4 * Math.sin((started / HOUR / 24) * 2 * Math.PI);
      const received = Math.max(3, Math.round(records * wave * (0.7 + 0.6 * random())));
      const chance = random();
      const isFailed = chance < 0.03;
      const isInterrupted = chance > 0.985;
      const rejected = isFailed || random() < 0.6 ? 0 : Math.min(received, Math.round(random() * 6));
      const failed = isFailed ? Math.round(received / 2) : 0;
      const left = received - rejected - failed;
      const duplicates = Math.round(left * 0.02);
      const stored = left - duplicates;
      const [inserted, updated] = [Math.round(stored * 0.55), Math.round(stored * 0.25)];
      const written = { inserted, updated, unchanged: stored - inserted - updated };
      const counts = { ...NO_COUNTS, received, duplicates, rejected, failed };
      const name = `${source}/${new Date(started).toISOString().slice(0, 13)}.jsonl`;
      const milliseconds = 300 + received * (0.4 + random());
      const isHybrid = table === 'hybrid';
      const half = { ...counts, ...written };
      loads.push({
        id,
        load_key: everyHours > 1 ? `file:${name}` : null,
        table_name: table,
        disposition: 'merge',
        source: name,
        status: isFailed ? 'failed' : isInterrupted ? 'interrupted' : 'completed',
        attempt: isInterrupted ? 2 : 1,
        ...counts,
        ...(isHybrid ? { stored, tables: { app_opportunities: half, submissions: half } } : written),
        unknown_fields: random() < 0.2 ? { utm_campaign: received, 'checkout id': 3 } : null,
        unknown_fields_policy: 'capture',
        ...(isFailed && { error_code: '57014', error_message: 'The statement was cancelled by statement_timeout' }),
        started_at: new Date(started),
        finished_at: new Date(started + milliseconds),
      });
      const size = 500;
      for (let first = 0; first < received - failed; first += size) {
        const end = Math.min(first + size, received - failed);
        const part = { ...NO_COUNTS, received: end - first, inserted: end - first };
        batches.push({
          load_id: id,
          batch_no: first / size,
          attempt: 1,
          first_position: first,
          end_position: end,
          counts: {
            version: 2,
            tables: isHybrid ? [part, part] : [part],
            removed: 0,
            rejects: [],
            skippedReasons: {},
            unknownFields: {},
          },
          committed_at: new Date(started + (milliseconds * end) / received),
        });
      }
      for (let index = 0; index < rejected; index += 1) {
        const [reason, column, message] = REASONS[Math.floor(random() * REASONS.length)] ?? REASONS[0];
        rejects.push({
          id: v7({ msecs: started + index }),
          load_id: id,
          table_name: table,
          position: index * 7,
          record_key: reason === 'missing_key' ? null : `${table}-${index}`,
          raw: rawOf('{"id":null,"amount":"twelve","note":"as it came"}'),
          reason,
          column_name: column,
          message,
          created_at: new Date(started + milliseconds),
        });
      }
    }
  }
  await insert(rows, 'storage_loads', loads);
  await insert(rows, 'storage_load_batches', batches);
  await insert(rows, 'storage_rejected_records', rejects);
  await seedRunning(rows, now);
}

/** One load that is under way, and one whose process was killed. */
async function seedRunning(rows: StorageApp['rows'], now: Date): Promise<void> {
  for (const { table, ago, batchCount, silent } of [
    { table: 'prices', ago: 0.05, batchCount: 6, silent: 0 },
    { table: 'submissions', ago: 9, batchCount: 2, silent: 8.9 },
  ]) {
    const started = now.getTime() - ago * HOUR;
    const id = v7({ msecs: started });
    const source = `${table}-under-way.jsonl`;
    const load = {
      id,
      table_name: table,
      disposition: 'merge',
      source,
      status: 'running',
      started_at: new Date(started),
    };
    await insert(rows, 'storage_loads', [load]);
    const counts = { ...NO_COUNTS, received: 5_000, inserted: 4_100, unchanged: 900 };
    await insert(
      rows,
      'storage_load_batches',
      Array.from({ length: batchCount }, (_, index) => ({
        load_id: id,
        batch_no: index,
        first_position: index * 5_000,
        end_position: (index + 1) * 5_000,
        counts: { version: 2, tables: [counts], removed: 0, rejects: [], skippedReasons: {}, unknownFields: {} },
        committed_at: new Date(now.getTime() - silent * HOUR - (batchCount - index) * 9_000),
      })),
    );
  }
}

/** Inserts rows as objects; those that lack a column take its default. Bytes are given as `\\x` and their hexadecimal digits. */
export async function insert(rows: StorageApp['rows'], table: string, values: readonly object[]): Promise<void> {
  const byColumns = new Map<string, object[]>();
  for (const value of values) {
    const columns = Object.keys(value)
      .map((name) => `"${name}"`)
      .join(', ');
    byColumns.set(columns, [...(byColumns.get(columns) ?? []), value]);
  }
  for (const [columns, group] of byColumns) {
    await rows(
      `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1)`,
      [JSON.stringify(group)],
    );
  }
}

/** A record in quarantine, as it came. */
export function rawOf(text: string): string {
  return `\\x${Buffer.from(text).toString('hex')}`;
}
