/** How much history to make. */
export interface HistorySize {
  readonly loads: number;
  readonly rejects: number;
  /** Batches of one of the loads, which is still running; the others have up to three. */
  readonly batchesOfLargest: number;
}

type Run = (sql: string, parameters?: unknown[]) => Promise<unknown>;

/**
 * Fills the history and the quarantine without any load: 90 days of hourly and nightly loads into eleven tables, one of them
 * hybrid and one combined, some failed, interrupted or killed, whose counts add up; and open and replayed rejected records of the
 * loads of some tables. The same size gives the same history, counted back from now.
 */
export async function seedHistory(run: Run, size: HistorySize): Promise<void> {
  await run(LOADS, [size.loads]);
  await run(BATCHES, [size.loads, size.batchesOfLargest]);
  await run(REJECTED, [size.rejects]);
  await run('ANALYZE storage_loads, storage_load_batches, storage_rejected_records');
}

/** Of the load `n`, newest last; one table in eleven each. */
const TABLE = `(ARRAY['submissions', 'app_opportunities', 'hybrid', 'orders+order_lines', 'prices', 'events', 'customers',
  'stock', 'reviews', 'Odd "Name"', 'feedback.events'])[n % 11 + 1]`;

const COUNTS = `'received', received, 'inserted', inserted, 'updated', updated, 'unchanged', unchanged, 'deleted', 0,
  'duplicates', 0, 'skipped', skipped, 'rejected', rejected, 'failed', failed`;

const LOADS = `
  INSERT INTO storage_loads (id, load_key, table_name, disposition, options, source, status, received, stored, inserted,
                             updated, unchanged, skipped, rejected, failed, tables, error_code, error_message,
                             unknown_fields, unknown_fields_policy, started_at, finished_at)
  SELECT md5('load ' || n)::uuid, CASE WHEN n % 10 = 0 THEN 'key ' || n END, table_name,
         CASE WHEN n % 97 = 0 THEN 'append' ELSE 'merge' END,
         CASE WHEN table_name = 'orders+order_lines' THEN '{"tables": ["orders", "order_lines"]}'::jsonb END,
         CASE WHEN n % 3 = 0 THEN 'file ' || n % 997 || '.jsonl' WHEN n % 3 = 1 THEN 'feed' END,
         status, received, CASE WHEN several THEN inserted + updated + unchanged END,
         CASE WHEN several THEN 0 ELSE inserted END, CASE WHEN several THEN 0 ELSE updated END,
         CASE WHEN several THEN 0 ELSE unchanged END, skipped, rejected, failed,
         CASE WHEN status <> 'running' AND several THEN jsonb_build_object(
                CASE table_name WHEN 'hybrid' THEN 'app_opportunities' ELSE 'orders' END, jsonb_build_object(${COUNTS}),
                CASE table_name WHEN 'hybrid' THEN 'submissions' ELSE 'order_lines' END, jsonb_build_object(${COUNTS})) END,
         CASE WHEN status IN ('failed', 'interrupted') THEN CASE status WHEN 'failed' THEN '53100' ELSE 'INTERRUPTED' END END,
         CASE WHEN status IN ('failed', 'interrupted') THEN 'The load ended early' END,
         CASE WHEN n % 13 = 0 THEN jsonb_build_object('colour', received) END, CASE WHEN n % 13 = 0 THEN 'capture' END,
         started_at, CASE WHEN status <> 'running' THEN started_at + (received + 1) * interval '2 milliseconds' END
    FROM (SELECT *, CASE WHEN status = 'running' THEN 0 ELSE received - updated - unchanged - skipped - rejected - failed END AS inserted
            FROM (SELECT n, ${TABLE} AS table_name, n % 11 IN (2, 3) AS several,
                         now() - (($1::integer - n) * (90.0 / $1::integer)) * interval '1 day' - interval '1 minute' AS started_at,
                         s.status, r.received, CASE WHEN s.status = 'failed' THEN r.received / 4 ELSE 0 END AS failed,
                         r.received / 5 AS updated, r.received / 5 AS unchanged, r.received / 20 AS skipped,
                         r.received / 10 AS rejected
                    FROM generate_series(1, $1::integer) AS n
                   CROSS JOIN LATERAL (SELECT CASE WHEN n = $1::integer OR n % 9973 = 0 THEN 'running' WHEN n % 41 = 0 THEN 'failed'
                                                   WHEN n % 67 = 0 THEN 'interrupted' ELSE 'completed' END AS status) AS s
                   CROSS JOIN LATERAL (SELECT CASE WHEN s.status = 'running' THEN 0 ELSE n * 7 % 1000 END AS received) AS r
                 ) AS drawn) AS loads`;

const BATCHES = `
  INSERT INTO storage_load_batches (load_id, batch_no, first_position, end_position, counts, committed_at)
  SELECT l.id, b, b * 100, b * 100 + 100, jsonb_build_object('version', 2, 'removed', 0, 'tables',
           CASE WHEN l.table_name = 'hybrid' THEN jsonb_build_array(c.counts, c.counts)
                WHEN l.table_name = 'orders+order_lines' THEN jsonb_build_array(c.counts, c.counts, c.counts)
                ELSE jsonb_build_array(c.counts) END), l.started_at + b * interval '1 millisecond'
    FROM generate_series(1, $1::integer) AS n
    JOIN storage_loads AS l ON l.id = md5('load ' || n)::uuid
   CROSS JOIN LATERAL generate_series(0, CASE WHEN n = $1::integer THEN $2::integer - 1 ELSE n % 4 - 1 END) AS b
   CROSS JOIN (SELECT jsonb_build_object('received', 100, 'inserted', 60, 'updated', 10, 'unchanged', 10, 'deleted', 0,
                                         'duplicates', 0, 'skipped', 10, 'rejected', 10, 'failed', 0) AS counts) AS c`;

/** Every fiftieth is replayed. One load has a tenth of all of them. */
const REJECTED = `
  INSERT INTO storage_rejected_records (id, load_id, table_name, position, record_key, raw, reason, column_name, message,
                                        created_at, replayed_at)
  SELECT md5('reject ' || n)::uuid, l.id, l.table_name, n, 'k' || n, convert_to('{"id":"k' || n || '","score":"high"}', 'UTF8'),
         (ARRAY['wrong_type', '23505', '23503', 'nul_in_text', '22P02', 'not_json'])[n % 6 + 1],
         CASE WHEN n % 6 < 5 THEN 'score' END, 'expected a number, found string', l.started_at + interval '1 second',
         CASE WHEN n % 50 = 0 THEN l.started_at + interval '1 hour' END
    FROM (SELECT COALESCE(count(*), 1)::integer AS loads FROM storage_loads) AS c
   CROSS JOIN generate_series(1, $1::integer) AS n
    JOIN storage_loads AS l ON l.id = md5('load ' || CASE WHEN n % 10 = 0 THEN 1 ELSE n % c.loads + 1 END)::uuid`;
