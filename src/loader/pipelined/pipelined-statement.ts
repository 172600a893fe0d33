import { isInTransaction, type PipelinedStatement } from '../../postgres/pipelined-transaction.js';
import { insertOfRejected } from '../../quarantine/rejected-records.js';
import { countsBy, NO_COUNTS, storedOf, WRITE_COUNTS, type WriteCounts } from '../../results/load-counts.js';
import { hasFingerprint, haveNoTriggers } from '../../schema/table/table-fingerprints.js';
import type { WriteCountsSql } from '../../stats/load-ledger.js';
import type { LoadTotals } from '../../stats/load-totals.js';
import { specOf } from '../merge/merge-spec.js';
import type { StatementSource, WriteSteps } from '../merge/merge-statement.js';
import type { LoadJob, Target } from '../model/load-job.js';
import { staysInHistory } from '../model/load-options.js';
import type { LoadUnit } from '../model/load-unit.js';
import type { Row } from '../model/row.js';
import type { PreparedBatch } from '../read/batch-builder.js';
import { closedLoad } from '../write/closed-load.js';
import type { LoadSession } from '../write/load-session.js';
import { selectRows } from '../write/upsert-writer.js';
import { stagedSteps } from '../write/write-staged.js';

/** Takes a parameter, and returns its name in the statement. */
type Bind = (value: unknown) => string;

const NOTHING_TO_WRITE: WriteSteps = {
  steps: [],
  counts: { inserted: '0', updated: '0', unchanged: '0', skipped: '0', fresh: '0' },
  done: [],
};

/**
 * The statement that does a whole load: it writes the rows of each table, the rejected records, and the row of the
 * completed load. Its one row has the counts of each table, see {@link countsIn}. It fails when a table is not as planned,
 * or when its counts are not those of the rows, so that the COMMIT that follows it rolls back. Reading the statement locks
 * the tables against ALTER, and what it reads of the catalog is newer.
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
  const { loadId } = entry;
  const { rejected } = batch;
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const tables: WriteSteps[] = [];
  for (const [index, target] of job.targets.entries()) {
    const rows = units.map((unit) => unit.rows[index]).filter((row) => row !== undefined);
    const after = tables.flatMap(({ done }) => done);
    tables.push(writeTable(target, rows, loadId, { prefix: `table_${index}_`, after }, bind));
  }
  const steps = tables.flatMap((table) => table.steps);
  if (rejected.length > 0) {
    const insert = insertOfRejected(context.rejectedTable, { loadId, table: job.name }, rejected, bind);
    if (insert === undefined) {
      return undefined;
    }
    steps.push(`quarantined AS (${insert})`);
  }
  const names = tables.map((_, index) => countNames(index));
  const columns = tables.flatMap(({ counts }, index) =>
    WRITE_COUNTS.map((name) => `${counts[name]} AS ${countNames(index)[name]}`),
  );
  const conditions = [
    isInTransaction(loadId),
    ...areAsPlanned(job),
    ...names.map(
      (each, index) => `${Object.values(each).join(' + ')} = ${storedOf(totals.tables[index] ?? NO_COUNTS)}`,
    ),
  ];
  steps.push(
    `counted AS MATERIALIZED (SELECT ${columns.join(',\n  ')})`,
    // concat is not immutable: the cast is not tried when the statement is planned.
    `checked AS MATERIALIZED (SELECT *, CASE WHEN ${conditions.join('\n  AND ')}
  THEN 0 ELSE concat('not written in one statement: load ', ${bind(loadId)}::text)::integer END AS failed FROM counted)`,
  );
  if (staysInHistory(job.options, rejected.length)) {
    const written = new Map(job.targets.map(({ plan }, index) => [plan.table, countNames(index)]));
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

/** The steps that write the rows of one table. */
function writeTable(
  target: Target,
  rows: readonly Row[],
  loadId: string,
  place: Pick<StatementSource, 'prefix' | 'after'>,
  bind: Bind,
): WriteSteps {
  const { plan } = target;
  if (rows.length === 0) {
    return NOTHING_TO_WRITE;
  }
  const spec = specOf(target, rows);
  const select = selectRows(plan, spec, rows, bind);
  // Postgres takes no parameter that a statement does not name.
  const id = plan.loadId === undefined ? '' : bind(loadId);
  return stagedSteps(plan, spec, rows, { ...place, select, loadId: id });
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
  const names = countNames(table);
  return countsBy((name) => row[names[name]] ?? 0);
}

/** The columns of the counts of a table, by its place. */
function countNames(table: number): WriteCountsSql {
  return Object.fromEntries(WRITE_COUNTS.map((name) => [name, `${name}_${table}`])) as unknown as WriteCountsSql;
}
