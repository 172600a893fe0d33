import { classifyFault } from '../../postgres/faults/sqlstate.js';

/** Notices attempts at a batch that lost their connection when only the COMMIT was left to do. */
export class CommitWatch {
  private isCommitting = false;
  private firstLoss: unknown;

  /** The error of the first such attempt. */
  get loss(): unknown {
    return this.firstLoss;
  }

  /** Passes on the result of an attempt's work; what follows is its COMMIT. */
  async beforeCommit<T>(work: Promise<T>): Promise<T> {
    const result = await work;
    this.isCommitting = true;
    return result;
  }

  /** Notes the error that ended an attempt. */
  noteFailure(error: unknown): void {
    if (this.isCommitting && classifyFault(error) === 'connection') {
      this.firstLoss ??= error;
    }
    this.isCommitting = false;
  }
}
