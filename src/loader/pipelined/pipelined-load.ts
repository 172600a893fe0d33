import type { ClientBase } from 'pg';

import { runPipelined, type PipelinedStatement } from '../../postgres/pipelined-transaction.js';
import { classifyFault } from '../../postgres/faults/sqlstate.js';
import type { WriteCounts } from '../../results/load-counts.js';
import { addTotals, type LoadTotals } from '../../stats/load-totals.js';
import type { LoadJob } from '../model/load-job.js';
import { staysInHistory } from '../model/load-options.js';
import { type LoadUnit, rowsFor } from '../model/load-unit.js';
import type { StoredRecord, WrittenRecord } from '../model/row-outcome.js';
import { type PreparedBatch, unwrittenTotals } from '../read/batch-builder.js';
import type { FirstAttempt, LoadSession } from '../write/session/load-session.js';
import { storedOutcome, storedRecords, totalsOfOutcome } from '../write/write-outcome.js';
import { NOTHING_WRITTEN } from '../write/write-staged.js';
import { unitsToPipeline } from './may-pipeline.js';
import { countsIn, pipelinedStatement, storedRowsIn } from './pipelined-statement.js';

/** One statement is not enough for a load, and nothing is written. It tells nothing else: the load has to begin again. */
export class NotPipelinedError extends Error {
  override readonly name = 'NotPipelinedError';

  /** @param read - the records, which may have changed since */
  constructor(readonly read: ReadRecords) {
    super();
  }
}

/** The records of a load, as they were when it was tried first. */
export interface ReadRecords {
  readonly job: LoadJob;
  readonly batch: PreparedBatch;
}

/** A small load that is tried in one statement and one round trip. */
export class PipelinedLoad implements FirstAttempt {
  private isSent = false;
  private lost: unknown;

  private constructor(
    private readonly session: LoadSession,
    private readonly job: LoadJob,
    private readonly batch: PreparedBatch,
    private readonly units: readonly LoadUnit[],
    private readonly statement: PipelinedStatement,
    private readonly onWritten: (written: readonly (WrittenRecord | StoredRecord)[]) => void,
  ) {}

  /**
   * @param onWritten - takes what became of each record, where the caller of the load asks; before it is committed
   * @throws NotPipelinedError when one statement cannot do it
   */
  static of(
    session: LoadSession,
    job: LoadJob,
    batch: PreparedBatch,
    onWritten: (written: readonly (WrittenRecord | StoredRecord)[]) => void,
  ): PipelinedLoad {
    const units = unitsToPipeline(job, batch);
    const totals = units && totalsOf(job, batch, units);
    // The row of the load would not tell what an update skips from what is skipped before.
    const isTold = job.options.disposition !== 'update' || totals?.tables.every(({ skipped }) => skipped === 0);
    const statement = isTold && totals && pipelinedStatement(session, job, batch, units, totals);
    if (!units || !statement) {
      throw new NotPipelinedError({ job, batch });
    }
    return new PipelinedLoad(session, job, batch, units, statement, onWritten);
  }

  get loss(): unknown {
    return this.lost;
  }

  take(): (() => Promise<LoadTotals>) | undefined {
    const { isSent } = this;
    this.isSent = true;
    return isSent ? undefined : () => this.send();
  }

  async find(client: ClientBase): Promise<LoadTotals | undefined> {
    const { session, job, batch, units } = this;
    if (this.lost === undefined || !staysInHistory(job.options, batch.rejected.length)) {
      return undefined;
    }
    const { ledger } = session.context;
    const names = job.targets.map(({ plan }) => plan.table);
    await ledger.open(client, session.entry);
    const written = await ledger.findCompleted(client, session.entry, names);
    const isUpdate = job.options.disposition === 'update';
    const apart = written?.map((counts) => ({ ...counts, skipped: isUpdate ? counts.skipped : 0 }));
    return apart && totalsOf(job, batch, units, apart);
  }

  private async send(): Promise<LoadTotals> {
    const { session, job, batch, units, statement } = this;
    const { dataSource, limits, stats } = session.context;
    const [target, ...others] = job.targets;
    const observed = {
      operation: job.options.disposition === 'update' ? 'UPDATE' : 'INSERT',
      table: others.length === 0 ? target?.plan.table : undefined,
    } as const;
    const end = await stats.observers.statement(
      observed,
      () => runPipelined<Record<string, unknown>>(dataSource, limits, statement),
      (ended) => (ended.kind === 'committed' ? undefined : ended.error),
    );
    if (end.kind !== 'rolled back') {
      this.noteRows(end.rows);
    }
    if (end.kind === 'committed') {
      const [row = {}] = end.rows;
      return totalsOf(
        job,
        batch,
        units,
        job.targets.map((_, table) => countsIn(row, table)),
      );
    }
    if (end.kind === 'unknown') {
      this.lost = end.error;
      throw end.error;
    }
    const kind = classifyFault(end.error);
    throw kind === 'contention' || kind === 'connection' || kind === 'cancelled'
      ? end.error
      : new NotPipelinedError({ job, batch });
  }

  private noteRows(replies: readonly Readonly<Record<string, unknown>>[]): void {
    const { job, units } = this;
    const [target] = job.targets;
    if (job.targets.length > 1) {
      this.onWritten(storedRecords(job, units));
    } else if (target?.returned !== undefined && replies.length > 0) {
      const rows = storedRowsIn(replies, target, rowsFor(units, 0));
      this.onWritten(storedOutcome(job, units, [], rows).stored);
    }
  }
}

/** @param written - what the database did in each table; without it, every row counts as inserted */
function totalsOf(
  job: LoadJob,
  batch: PreparedBatch,
  units: readonly LoadUnit[],
  written: readonly WriteCounts[] = job.targets.map((_, table) => ({
    ...NOTHING_WRITTEN,
    inserted: rowsFor(units, table).length,
  })),
): LoadTotals {
  return addTotals(unwrittenTotals(batch, job), totalsOfOutcome(storedOutcome(job, units, written)));
}
