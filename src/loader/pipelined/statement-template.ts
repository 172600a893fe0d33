import { isInTransaction } from '../../postgres/pipelined-transaction.js';
import { insertOfRejected, type RejectedRecord } from '../../quarantine/rejected-records.js';
import { WRITE_COUNTS } from '../../results/load-counts.js';
import { hasFingerprint, haveNoTriggers } from '../../schema/table/table-fingerprints.js';
import type { CompletedLoad, LoadLedger, WriteCountsSql } from '../../stats/load-ledger.js';
import type { MergeSpec, SpecPart } from '../merge/merge-spec.js';
import { type StatementSource, type WriteSteps, writeSteps } from '../merge/merge-statement.js';
import type { LoadJob, Target } from '../model/load-job.js';
import type { Row } from '../model/row.js';
import { columnsOf, selectOf } from '../write/upsert-writer.js';

/** What a statement of a template is made for. */
interface StatementInput extends CompletedLoad {
  /** Of each table. */
  readonly rows: readonly (readonly Row[])[];
}

/** The text of a statement, and how to read its parameters. */
export interface StatementTemplate {
  readonly text: string;
  readonly parameters: readonly ReadParameter[];
}

type ReadParameter = (input: StatementInput) => unknown;

/** Takes a parameter, and returns its name in the statement. */
type Bind = (read: ReadParameter) => string;

/** How rows meet their table; undefined where there are none. */
export interface TableShape {
  readonly spec: MergeSpec;
  readonly parts: readonly SpecPart[];
}

/** What the text of a statement depends on. */
export interface StatementShape {
  readonly job: LoadJob;
  readonly tables: readonly (TableShape | undefined)[];
  /** Undefined when the load stays out of the history. */
  readonly ledger: LoadLedger | undefined;
  /** Undefined when there are none. */
  readonly rejected: RejectedRows | undefined;
}

interface RejectedRows {
  /** The quarantine. */
  readonly table: string;
  readonly load: { readonly loadId: string; readonly table: string };
  readonly records: readonly RejectedRecord[];
}

const loadId: ReadParameter = ({ entry }) => entry.loadId;

const NOTHING_TO_WRITE: WriteSteps = {
  steps: [],
  counts: { inserted: '0', updated: '0', unchanged: '0', deleted: '0', skipped: '0', fresh: '0', vanished: '0' },
  done: [],
};

/**
 * The statement that does a whole load: it writes the rows of each table, the rejected records, and the row of the
 * completed load. Each row that it returns has the counts of each table, see {@link countNames}, and what became of one row
 * where the caller asks; see `merge/returned-rows.ts`. It fails when a table is not as
 * planned, or when its counts are not those of the rows, so that the COMMIT that follows it rolls back. Reading the
 * statement locks the tables against ALTER, and what it reads of the catalog is newer.
 * @returns undefined when one statement cannot hold the rejected records
 */
export function buildTemplate({
  job,
  tables: shapes,
  ledger,
  rejected,
}: StatementShape): StatementTemplate | undefined {
  const parameters: ReadParameter[] = [];
  const bind: Bind = (read) => `$${parameters.push(read)}`;
  const tables: WriteSteps[] = [];
  for (const [index, target] of job.targets.entries()) {
    const after = tables.flatMap(({ done }) => done);
    tables.push(writeTable(target, index, shapes[index], { prefix: `table_${index}_`, after }, bind));
  }
  const steps = tables.flatMap((table) => table.steps);
  if (rejected !== undefined) {
    const insert = insertOfRejected(rejected.table, rejected.load, rejected.records, (value) => bind(() => value));
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
    isInTransaction(`${bind(loadId)}::text`),
    ...areAsPlanned(job),
    ...names.map(
      (each, index) => `${Object.values(each).join(' + ')} = ${bind(({ rows }) => rows[index]?.length)}::bigint`,
    ),
  ];
  steps.push(
    `counted AS MATERIALIZED (SELECT ${columns.join(',\n  ')})`,
    // concat is not immutable: the cast is not tried when the statement is planned.
    `checked AS MATERIALIZED (SELECT *, CASE WHEN ${conditions.join('\n  AND ')}
  THEN 0 ELSE concat('not written in one statement: load ', ${bind(loadId)}::text)::integer END AS failed FROM counted)`,
  );
  if (ledger !== undefined) {
    const written = job.targets.map(({ plan }, index) => [plan.table, countNames(index)] as const);
    steps.push(`completed AS (${ledger.insertOfCompleted(written, 'checked', bind)})`);
  }
  const [{ rows } = NOTHING_TO_WRITE] = tables;
  const returned = rows === undefined ? '' : ` LEFT JOIN (${rows}) AS returned ON true`;
  return { text: `WITH ${steps.join(', ')}\nSELECT * FROM checked${returned}`, parameters };
}

/** The steps that write the rows of one table. */
function writeTable(
  { plan }: Target,
  index: number,
  shape: TableShape | undefined,
  place: Pick<StatementSource, 'prefix' | 'after'>,
  bind: Bind,
): WriteSteps {
  if (shape === undefined) {
    return NOTHING_TO_WRITE;
  }
  const columns = columnsOf(plan, shape.spec);
  const select = selectOf(columns, ({ read }) => bind(({ rows }) => rows[index]?.map(read)));
  let id: string | undefined;
  // Postgres takes no parameter that a statement does not name.
  return writeSteps(plan, shape.spec, shape.parts, { ...place, select, loadId: () => (id ??= bind(loadId)) });
}

function areAsPlanned({ targets }: LoadJob): string[] {
  const tables = targets.map(({ plan }) => plan.quotedTable);
  return [
    ...targets.map(({ plan }) => hasFingerprint(plan.quotedTable, plan.live, plan.fingerprint)),
    // Plans do not know of new triggers.
    ...(tables.length === 1 ? [] : [haveNoTriggers(tables)]),
  ];
}

/** The columns of the counts of a table, by its place. */
export function countNames(table: number): WriteCountsSql {
  return Object.fromEntries(WRITE_COUNTS.map((name) => [name, `${name}_${table}`])) as unknown as WriteCountsSql;
}
