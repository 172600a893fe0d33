import type { ClientBase, QueryResult } from 'pg';

import { errorCode, errorText } from '../../errors/error-text.js';
import { type DatabaseFault, describeFault } from '../../postgres/faults/database-fault.js';
import { FOREIGN_KEY_VIOLATION, TAKEN_VALUES } from '../../postgres/faults/sqlstate.js';
import type { RejectedRecord } from '../../quarantine/rejected-records.js';
import { countsBy, WRITE_COUNTS, type WriteCounts } from '../../results/load-counts.js';
import { foldUnits } from '../merge/fold-duplicates.js';
import { specOf } from '../merge/merge-spec.js';
import { returnedName } from '../merge/returned-rows.js';
import type { WriteContext } from '../model/load-context.js';
import type { Target } from '../model/load-job.js';
import { type LoadUnit, partsOf } from '../model/load-unit.js';
import type { Row } from '../model/row.js';
import type { StatementOutcome } from '../model/row-outcome.js';
import { type CopiedColumn, copyInto, stagedColumns } from '../write/copy-rows.js';
import { addOutcomes, rejectedOutcome, rejectUnit, storedOutcome, type WriteOutcome } from '../write/write-outcome.js';
import { buildStaged, RowsSuppressedError, type StoredRow, type StoredRows } from '../write/write-staged.js';
import { EveryRowFault } from './every-row.js';
import { type IsolatedTarget, selectAttempt, SUPPRESSED } from './isolation-attempt.js';
import { buildIsolation } from './isolation-block.js';
import {
  isolatedRows,
  isolationTables,
  NUMBER,
  outcomesOf,
  PART,
  PLACE,
  REJECTED,
  TABLE_COUNTS,
  UNIT,
} from './isolation-tables.js';

/** The largest integer of Postgres. */
const MAX_INTEGER = 2 ** 31 - 1;

/** The outcome of units, and those that are left because the server ended early: for lack of time, or of allowed rejects. */
export interface IsolationOutcome extends WriteOutcome {
  readonly untried: readonly LoadUnit[];
  /** What they refer to is missing, or another row has their value, but that may change by those that are left. */
  readonly waiting: ReadonlyMap<LoadUnit, DatabaseFault>;
}

/** A row with its unit's number from 1; part 0 is the unit itself, the other parts are the records folded into it. */
interface IsolatedRow {
  readonly unit: number;
  readonly part: number;
  readonly row: Row;
}

/** The row of the table of counts. */
interface CountedRow extends Readonly<Record<keyof WriteCounts, readonly number[]>> {
  readonly early: boolean;
  readonly moves: boolean;
}

/** A row of the table of rejected rows. */
interface RejectedRow {
  readonly unit: number;
  readonly part: number;
  readonly code: string | null;
  readonly table_name: string | null;
  readonly column_name: string | null;
  readonly constraint_name: string | null;
}

/**
 * Writes units that Postgres has rejected together, without those at fault, which the server finds: a handful of
 * statements, however many units there are.
 * @throws pg's DatabaseError when the fault cannot be a row's; also a row's, when COPY rejects a row
 * @throws EveryRowFault when nothing shows that it is only some rows'
 */
export async function isolateUnits(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
): Promise<IsolationOutcome> {
  const { targets } = context.job;
  const tables = isolationTables(targets);
  await client.query(tables.map(({ createIfMissing }) => createIfMissing).join('; '));
  const isolated: IsolatedTarget[] = [];
  for (const target of targets.keys()) {
    isolated.push(await stageRows(client, context, units, target));
  }
  const block = buildIsolation(units.length, isolated, Math.min(context.maxRejects, MAX_INTEGER));
  const [returned] = targets.flatMap((target) => target.returned ?? []);
  const outcomes = returned === undefined ? '' : `SELECT * FROM ${outcomesOf(returned).qualified} ORDER BY ${NUMBER}; `;
  const names = tables.map(({ qualified }) => qualified);
  const clear = context.sharesTables
    ? names.map((name) => `DELETE FROM ${name}`).join('; ')
    : `DROP TABLE ${names.join(', ')}`;
  const isolation = `DO ${client.escapeLiteral(block)};
       SELECT * FROM ${REJECTED} ORDER BY unit, part; SELECT * FROM ${TABLE_COUNTS}; ${outcomes}${clear}`;
  const table = targets.length === 1 ? targets[0]?.plan.table : undefined;
  const results = (await context.observers
    .statement({ operation: 'DO', table }, () => client.query(isolation))
    .catch((error: unknown) => {
      throw suppressedRowsOf(error, targets) ?? error;
    })) as unknown as QueryResult[];
  const [rejected, counted, noted] = results.slice(1) as [
    QueryResult<RejectedRow>,
    QueryResult<CountedRow>,
    QueryResult<Record<string, unknown>>,
  ];
  return outcomeOf(context, units, rejected.rows, counted.rows[0], returned && writtenUnits(noted.rows));
}

/** Copies the rows of one target to the server; returns the statements that write them. */
async function stageRows(
  client: ClientBase,
  { job, loadId, evidence, observers }: WriteContext,
  units: readonly LoadUnit[],
  target: number,
): Promise<IsolatedTarget> {
  const into = job.targets[target] as Target;
  const { plan } = into;
  const table = isolatedRows({ plan }, target).qualified;
  const isolated = units.flatMap((unit, index) =>
    [unit, ...unit.parts].flatMap((part, number): IsolatedRow[] => {
      const row = part.rows[target];
      return row === undefined ? [] : [{ unit: index + 1, part: number, row }];
    }),
  );
  const rows = isolated.map(({ row }) => row);
  const spec = specOf(into, rows);
  const columns: CopiedColumn<IsolatedRow>[] = [
    { name: PLACE, fieldOf: ({ unit }) => String(unit) },
    { name: UNIT, fieldOf: ({ unit }) => String(unit) },
    { name: PART, fieldOf: ({ part }) => String(part) },
    ...stagedColumns(plan, spec).map(({ name, fieldOf }) => ({
      name,
      fieldOf: ({ row }: IsolatedRow) => fieldOf(row),
    })),
  ];
  await observers.statement({ operation: 'COPY', table: plan.table }, () => copyInto(client, table, columns, isolated));
  const source = { select: selectAttempt(table), loadId: () => client.escapeLiteral(loadId) };
  const build = (failsOnConflict: boolean): string =>
    buildStaged(plan, spec, rows, source, { failsOnConflict, updatesAtOnce: false });
  return {
    table,
    columns: spec.columns.map(({ column }) => column),
    hasTaken: evidence.tables[target] === true,
    statements: rows.length === 0 ? undefined : { merge: build(false), failsOnConflict: build(true) },
    movesValues: into.onConflict !== 'insert',
    outcomes: into.returned && {
      table: outcomesOf(into.returned).qualified,
      columns: into.returned.columns.map((_, index) => returnedName(index)),
    },
  };
}

/** The error of rows that the block could not account for; undefined for any other error. */
function suppressedRowsOf(error: unknown, targets: readonly Target[]): RowsSuppressedError | undefined {
  if (errorCode(error) !== SUPPRESSED) {
    return undefined;
  }
  const [index = NaN, ...numbers] = (errorText(error, 'detail') ?? '').split(' ').map(Number);
  const target = targets[index];
  const counts = countsBy((_, place) => numbers[place] ?? NaN);
  return target && new RowsSuppressedError(target.plan.table, numbers.at(-1) ?? NaN, counts, undefined, 0);
}

/** What became of units: of the records of one that were written one after the other, the first change, and the last row. */
function writtenUnits(rows: readonly Record<string, unknown>[]): Map<unknown, StoredRow> {
  const written = new Map<unknown, StoredRow>();
  for (const row of rows) {
    const [, unit, outcome, ...values] = Object.values(row) as [number, number, StatementOutcome, ...unknown[]];
    const before = written.get(unit)?.outcome;
    const first = WRITE_COUNTS.find((name) => name === before || name === outcome) as StatementOutcome;
    written.set(unit, { outcome: first, values });
  }
  return written;
}

function outcomeOf(
  { job, evidence }: WriteContext,
  units: readonly LoadUnit[],
  rejectedRows: readonly RejectedRow[],
  counted: CountedRow | undefined,
  written: ReadonlyMap<unknown, StoredRow> | undefined,
): IsolationOutcome {
  const faults = new Map<number, Map<number, DatabaseFault | undefined>>();
  for (const row of rejectedRows) {
    if (row.unit === 0) {
      throw new EveryRowFault(faultOfRow(row) as DatabaseFault);
    }
    const ofUnit = faults.get(row.unit) ?? new Map<number, DatabaseFault | undefined>();
    faults.set(row.unit, ofUnit.set(row.part, faultOfRow(row)));
  }
  const stored: LoadUnit[] = [];
  const storedRows: StoredRows | undefined = written && new Map();
  const addStored = (unit: LoadUnit, index: number): void => {
    stored.push(unit);
    const row = written?.get(index + 1);
    if (row !== undefined) {
      unit.rows.forEach((own) => own && storedRows?.set(own, row));
    }
  };
  const untried: LoadUnit[] = [];
  const waiting = new Map<LoadUnit, DatabaseFault>();
  const rejected: RejectedRecord[] = [];
  for (const [index, unit] of units.entries()) {
    const ofUnit = faults.get(index + 1);
    const whole = ofUnit?.get(0);
    if (ofUnit === undefined) {
      addStored(unit, index);
    } else if (ofUnit.has(0) && whole === undefined) {
      untried.push(unit);
    } else if (counted?.early === true && whole !== undefined && mayWait(whole, counted)) {
      waiting.set(unit, whole);
    } else {
      // When a unit is rejected as a whole, so is each of its records.
      const good: LoadUnit[] = [];
      for (const [part, record] of partsOf(unit).entries()) {
        const fault = whole ?? ofUnit.get(part + 1);
        if (fault === undefined) {
          good.push(record);
        } else {
          rejected.push(rejectUnit(job, record, fault));
        }
      }
      if (good.length > 0) {
        addStored(
          good.reduce((all, part) => foldUnits(all, part, job.targets)),
          index,
        );
      }
    }
  }
  const counts = job.targets.map((_, target) => countsBy((name) => counted?.[name][target] ?? 0));
  evidence.add(stored);
  return {
    ...addOutcomes(storedOutcome(job, stored, counts, storedRows), rejectedOutcome(job, rejected)),
    untried,
    waiting,
  };
}

function mayWait({ code }: DatabaseFault, { moves }: CountedRow): boolean {
  return code === FOREIGN_KEY_VIOLATION || (moves && TAKEN_VALUES.includes(code));
}

function faultOfRow({ code, table_name, column_name, constraint_name }: RejectedRow): DatabaseFault | undefined {
  return code === null
    ? undefined
    : describeFault({ code, table: table_name, column: column_name, constraint: constraint_name });
}
