import type { ClientBase } from 'pg';

import { StorageError } from '../../errors/index.js';
import { describeFault } from '../../postgres/faults/database-fault.js';
import { classifyFault, mayBeOfRow } from '../../postgres/faults/sqlstate.js';
import { withSavepoint, withSettings } from '../../postgres/with-transaction.js';
import { insertRejectedRecords, type RejectedRecord } from '../../quarantine/rejected-records.js';
import { sqlstateReason } from '../../records/reject-reasons.js';
import type { RejectSummary } from '../../results/load-result.js';
import { firstRejects, summarizeRejects } from '../../stats/load-totals.js';
import { settleMirror, readAllIntoMirror } from '../distributed/mirror-statements.js';
import { isDistributed, mirrored } from '../distributed/mirror-table.js';
import { createMirrors } from '../isolate/create-mirrors.js';
import { checkFollowsRows, tryOut } from '../isolate/every-row.js';
import { halve, type Range } from '../isolate/halve.js';
import type { Target } from '../model/load-job.js';
import { StopLoad } from '../model/stop-load.js';
import { withImmediateConstraints } from '../write/immediate-constraints.js';
import type { LoadSession } from '../write/session/load-session.js';
import { writeAllBack } from '../write/through-mirror.js';
import { addWritten, checkCounts, NOTHING_WRITTEN, rowsOf, type WriteCounts } from '../write/write-staged.js';
import { findKeptRecords, indexKeptRecords } from './kept-records.js';
import { readRowNumbers } from './staging-table.js';
import { buildDeleteOthers, buildDeleteRow, buildSwap, type SwapCounts } from './swap-statements.js';

/** The rows in the staging table. */
export interface StagedContent {
  readonly rows: number;
  /** The highest row number; they count from 1, with gaps. */
  readonly lastRow: number;
}

/** What the swap did. */
export interface SwapOutcome {
  readonly written: WriteCounts;
  readonly removed: number;
  /** Records rejected by the table itself. */
  readonly rejected: number;
  /** Those of them that were folded into another. */
  readonly rejectedDuplicates: number;
  readonly rejects: readonly RejectSummary[];
}

/** Exchanges the content of a table for the staged rows. Only from here on other writers must wait. */
export class ContentSwap {
  private written = NOTHING_WRITTEN;
  private removed = 0;
  private rejected = 0;
  private rejectedDuplicates = 0;
  private rejects: readonly RejectSummary[] = [];
  private indexed = false;
  /** The table as these statements write it: where Citus keeps it its mirror, which is written back after each of them. */
  private readonly content: Target;

  /** @param maxRejects - how many records may still be rejected */
  constructor(
    private readonly client: ClientBase,
    private readonly session: LoadSession,
    private readonly target: Target,
    private readonly staged: StagedContent,
    private readonly maxRejects: number,
  ) {
    this.content = mirrored(target);
  }

  /** Locks the table until the end of the transaction; readers continue to read the old rows. */
  static async lock(client: ClientBase, { plan }: Target): Promise<void> {
    await client.query(`LOCK TABLE ${plan.quotedTable} IN SHARE ROW EXCLUSIVE MODE`);
  }

  /**
   * Deletes the rows of the locked table that the load does not bring, and writes those it does.
   * @param pieces - the number of statements; more after one took too long
   * @throws pg's DatabaseError when the fault cannot be a row's
   * @throws EveryRowFault when nothing shows that it is only some rows'
   */
  async run(pieces: number): Promise<SwapOutcome> {
    const { client, target, session } = this;
    return withImmediateConstraints(client, [target], { deletes: false, isJoined: session.isJoined }, () =>
      this.exchange(pieces),
    );
  }

  private async exchange(pieces: number): Promise<SwapOutcome> {
    const { client, target, content } = this;
    const { lastRow } = this.staged;
    if (isDistributed(target)) {
      await createMirrors(client, { targets: [target] });
      await readAllIntoMirror(client, target);
    }
    // With row_security off Postgres fails (42501) where a policy would hide rows from the DELETE.
    await withSettings(client, { row_security: 'off' }, async () => {
      const { rowCount } = await this.observed('DELETE', () => client.query(buildDeleteOthers(content)));
      this.removed += rowCount ?? 0;
      await this.writeBack();
    });
    const size = Math.ceil(lastRow / pieces);
    for (let first = 1; first <= lastRow; first += size) {
      await halve(
        { first, last: Math.min(first + size - 1, lastRow) },
        { attempt: (range) => this.write(range), atFault: (row, error) => this.reject(row, error) },
      );
    }
    await this.checkContent();
    const { written, removed, rejected, rejectedDuplicates, rejects } = this;
    return { written, removed, rejected, rejectedDuplicates, rejects };
  }

  private async write({ first, last }: Range): Promise<void> {
    const { client, target } = this;
    try {
      const counts = await withSavepoint(client, () => this.swap({ first, last }));
      this.written = addWritten(this.written, counts);
    } catch (error) {
      if (this.rejected < this.maxRejects) {
        if (mayBeOfRow(error) && !this.indexed) {
          this.indexed = true;
          await indexKeptRecords(client, target);
        }
      } else if (classifyFault(error) === 'row') {
        // One of these rows will be rejected, and that is one too many.
        throw new StopLoad('rejects', this.rejects);
      }
      throw error;
    }
  }

  private async swap({ first, last }: Range): Promise<WriteCounts> {
    const { client, target, content, session } = this;
    const parameters = [first, last, ...(target.plan.loadId === undefined ? [] : [session.entry.loadId])];
    const result = await this.observed('INSERT', () => client.query<SwapCounts>(buildSwap(content), parameters));
    const { rows, ...counts } = result.rows[0] as SwapCounts;
    const written = { ...NOTHING_WRITTEN, ...counts };
    // The lock keeps others out, so another attempt would find the same.
    checkCounts(target.plan, { onConflict: 'insert' }, rows, written, { fresh: 0, vanished: 0 });
    await this.writeBack();
    return written;
  }

  private async writeBack(): Promise<void> {
    const { client, target } = this;
    if (isDistributed(target)) {
      await writeAllBack(client, target);
      await settleMirror(client, target);
    }
  }

  private observed<T>(operation: 'INSERT' | 'DELETE', work: () => Promise<T>): Promise<T> {
    const { session, target } = this;
    return session.context.stats.observers.statement({ operation, table: target.plan.table }, work);
  }

  /** Checks that other rows pass, unless some were written already. */
  private async checkPasses(error: unknown): Promise<void> {
    const { client } = this;
    const hasTaken = rowsOf(this.written) > 0;
    const numbers = hasTaken || classifyFault(error) === 'row' ? [] : await readRowNumbers(client);
    await checkFollowsRows(
      error,
      { hasTaken },
      numbers,
      async (row) => (await tryOut(client, () => this.swap({ first: row, last: row }))) === undefined,
    );
  }

  /**
   * Rejects a row, and with it every record folded into it, because it is no longer known which of them is at fault.
   * A rejected record is not part of the load, so the stored row of its key is deleted too.
   */
  private async reject(row: number, error: unknown): Promise<void> {
    const { client, target, content, session } = this;
    await this.checkPasses(error);
    if (this.rejected >= this.maxRejects) {
      throw new StopLoad('rejects', this.rejects);
    }
    const { code, column, message } = describeFault(error);
    const rejection = { rule: sqlstateReason(code), column, message };
    const records = await findKeptRecords(client, target, row);
    if (records.length === 0) {
      // A trigger that rejects the statement, whatever its rows.
      throw error;
    }
    const rejected = records.map((record): RejectedRecord => ({ ...record, rejection }));
    this.rejected += rejected.length;
    this.rejectedDuplicates += rejected.length - 1;
    this.rejects = firstRejects([...this.rejects, ...summarizeRejects(rejected)]);
    if (this.rejected > this.maxRejects) {
      throw new StopLoad('rejects', this.rejects);
    }
    const load = { loadId: session.entry.loadId, table: target.plan.table };
    await insertRejectedRecords(client, session.context.rejectedTable, load, rejected);
    this.removed += (await client.query(buildDeleteRow(content), [row])).rowCount ?? 0;
    await this.writeBack();
  }

  /** A trigger that adds rows, or drops them later, would make the counts wrong. */
  private async checkContent(): Promise<void> {
    const { plan } = this.target;
    const { rows } = await this.client.query<{ held: string }>(`SELECT count(*) AS held FROM ${plan.quotedTable}`);
    const held = Number(rows[0]?.held);
    const stored = rowsOf(this.written);
    if (held !== stored) {
      throw new StorageError(
        'ROWS_SUPPRESSED',
        `Rows suppressed or added by a trigger or rule: ${plan.table} would hold ${held} rows instead of ${stored}.`,
      );
    }
  }
}
