import type { DataSource } from 'typeorm';

import type { RejectGroup } from '../operations/reject-groups.js';
import { StorageOperations } from '../operations/storage-operations.js';

/** Metrics wait no longer for the database. */
const TIMEOUT_MS = 3_000;

/** The open rejected records of a database, as a gauge reads them. */
export class OpenRejects {
  private readonly operations: StorageOperations;
  private asking: Promise<readonly RejectGroup[]> | undefined;

  constructor(dataSource: DataSource) {
    this.operations = new StorageOperations(dataSource, { statementTimeoutMs: TIMEOUT_MS });
  }

  /** By table and reason; nothing where the database does not answer in time: no number is better than an old one. */
  async read(): Promise<readonly RejectGroup[]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<readonly RejectGroup[]>((resolve) => {
      timer = setTimeout(resolve, TIMEOUT_MS, []).unref();
    });
    // A question to a silent server keeps its connection: the next reader waits for it, and takes no other.
    this.asking ??= this.ask();
    try {
      return await Promise.race([this.asking, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async ask(): Promise<readonly RejectGroup[]> {
    try {
      return (await this.operations.rejectsByTableAndReason()).groups;
    } catch {
      return [];
    } finally {
      this.asking = undefined;
    }
  }
}
