import { errorCode } from '../../../errors/error-text.js';
import { classifyFault } from '../../../postgres/faults/sqlstate.js';

/** How an attempt at a batch differs from the first one. */
export interface BatchAttempt {
  /** The least number of statements for the rows. */
  readonly pieces: number;
  /** An attempt before this one ended in a deadlock. */
  readonly hasDeadlocked: boolean;
}

const DEADLOCK_DETECTED = '40P01';

/** Notices attempts at a batch that ended in a deadlock, or lost their connection when only the COMMIT was left to do. */
export class CommitWatch {
  private isCommitting = false;
  private deadlocked = false;
  private firstLoss: unknown;

  get hasDeadlocked(): boolean {
    return this.deadlocked;
  }

  /** The error of the first attempt that lost its connection so. */
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
    this.deadlocked ||= errorCode(error) === DEADLOCK_DETECTED;
  }
}
