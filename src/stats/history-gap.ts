import type { ClientBase } from 'pg';

/** Notes that the history lacks loads from now on; see `HistoryPeriod.incompleteFrom`. */
export class HistoryGap {
  private isNoted = false;

  /** @param period - quoted name of `storage_history` */
  constructor(private readonly period: string) {}

  /**
   * Keeps the first note of all processes; once this process knows of one, it does nothing.
   * @param inTransaction - runs work in a transaction
   * @param isCommitted - the transaction is committed then: that of a caller may be rolled back
   */
  async note(
    inTransaction: (work: (client: ClientBase) => Promise<void>) => Promise<void>,
    isCommitted: boolean,
  ): Promise<void> {
    if (!this.isNoted) {
      await inTransaction((client) => this.insert(client));
      this.isNoted = isCommitted;
    }
  }

  private async insert(client: ClientBase): Promise<void> {
    // Where there is a note, nothing is locked.
    await client.query(
      `INSERT INTO ${this.period} AS h (id, incomplete_from)
       SELECT 1, clock_timestamp() WHERE NOT EXISTS (SELECT FROM ${this.period} WHERE incomplete_from IS NOT NULL)
       ON CONFLICT (id) DO UPDATE SET incomplete_from = COALESCE(h.incomplete_from, EXCLUDED.incomplete_from)`,
    );
  }
}
