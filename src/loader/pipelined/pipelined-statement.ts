import { isInTransaction, type PipelinedStatement } from '../../postgres/pipelined-transaction.js';
import { insertOfRejected } from '../../quarantine/rejected-records.js';
import { NO_COUNTS, storedOf, type WriteCounts } from '../../results/load-counts.js';
import { hasFingerprint, haveNoTriggers } from '../../schema/table/table-fingerprints.js';
import type { WriteCountsSql } from '../../stats/load-ledger.js';
import type { LoadTotals } from '../../stats/load-totals.js';
import { specOf } from '../merge/merge-spec.js';
import type { LoadJob } from '../model/load-job.js';
import type { LoadUnit } from '../model/load-unit.js';
import type { PreparedBatch } from '../read/batch-builder.js';
import { closedLoad } from '../write/closed-load.js';
import type { LoadSession } from '../write/load-session.js';
import { selectRows } from '../write/upsert-writer.js';
import { stagedSteps } from '../write/write-staged.js';

const COUNTS = ['inserted', 'updated', 'unchanged'] as const;

/**
 * The statement that does a whole load: it writes the rows of each table, the rejected records, and the row of the
 * completed load. Its one row has the counts of each table, see {@link countsIn}. It fails when a table is not as planned, or when its counts are not those of the rows, so that the COMMIT
 * that follows it rolls back. Reading the statement locks the tables against ALTER, and what it reads of the catalog is
 * newer.
 * @param totals - of the load, with every row of a table counted as inserted
 * @returns undefined when one statement cannot hold the rejected records
 */
export function pipelinedStatement(
  session: LoadSession,
  job: LoadJob,
  batch: PreparedBatch,
  units: readonly LoadUnit[],
  totals: LoadTotals,
): PipelinedStatement | undefined {
  const { context, entry } = session;
  const { rejected } = batch;
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const { loadId } = entry;
  const steps: string[] = [];
  const columns: string[] = [];
  const written = new Map<string, WriteCountsSql>();
  const conditions = [isInTransaction(loadId), ...areAsPlanned(job)];
  let done: readonly string[] = [];
  for (const [index, target] of job.targets.entries()) {
    const rows = units.map((unit) => unit.rows[index]).filter((row) => row !== undefined);
    const names = COUNTS.map((name) => `${name}_${index}`);
    let counts: readonly string[] = COUNTS.map(() => '0');
    if (rows.length > 0) {
      const spec = specOf(target, rows);
      const select = selectRows(target.plan, spec, rows, bind);
      const id = target.plan.loadId === undefined ? '' : bind(loadId);
      const table = stagedSteps(target.plan, spec, rows, {
        select,
        loadId: id,
        prefix: `table_${index}_`,
        after: done,
      });
      steps.push(...table.steps);
      done = table.done;
      counts = COUNTS.map((name) => table.counts[name]);
    }
    columns.push(...counts.map((count, place) => `${count} AS ${names[place]}`));
    conditions.push(`${names.join(' + ')} = ${storedOf(totals.tables[index] ?? NO_COUNTS)}`);
    const [inserted, updated, unchanged] = names as [string, string, string];
    written.set(target.plan.table, { inserted, updated, unchanged });
  }
  if (rejected.length > 0) {
    const insert = insertOfRejected(context.rejectedTable, { loadId, table: job.name }, rejected, bind);
    if (insert === undefined) {
      return undefined;
    }
    steps.push(`quarantined AS (${insert})`);
  }
  steps.push(
    `counted AS MATERIALIZED (SELECT ${columns.join(',\n  ')})`,
    // concat is not immutable: the cast is not tried when the statement is planned.
    `checked AS MATERIALIZED (SELECT *, CASE WHEN ${conditions.join('\n  AND ')}
  THEN 0 ELSE concat('not written in one statement: load ', ${bind(loadId)}::text)::integer END AS failed FROM counted)`,
  );
  if (isInHistory(job, batch)) {
    const load = context.ledger.insertOfCompleted(
      entry,
      closedLoad(job, 'completed', totals),
      written,
      'checked',
      bind,
    );
    steps.push(`completed AS (${load})`);
  }
  return { id: loadId, text: `WITH ${steps.join(', ')}\nSELECT * FROM checked`, values };
}

/** Whether the statement writes the row of the load. */
export function isInHistory({ options }: LoadJob, { rejected }: PreparedBatch): boolean {
  return options.keepsHistory || rejected.length > 0;
}

function areAsPlanned({ targets }: LoadJob): string[] {
  const tables = targets.map(({ plan }) => plan.quotedTable);
  return [
    ...targets.map(({ plan }) => hasFingerprint(plan.quotedTable, plan.live, plan.fingerprint)),
    // Plans do not know of triggers.
    ...(tables.length === 1 ? [] : [haveNoTriggers(tables)]),
  ];
}

/** The counts of a table, by its place. */
export function countsIn(row: Readonly<Record<string, number>>, table: number): WriteCounts {
  const [inserted = 0, updated = 0, unchanged = 0] = COUNTS.map((name) => row[`${name}_${table}`]);
  return { inserted, updated, unchanged };
}
