import { StorageError } from '../errors/index.js';
import type { RejectReason } from './reject-reasons.js';

/** A record was rejected that its caller had handed over alone. It is in quarantine. */
export class RecordRejectedError extends StorageError {
  override readonly name = 'RecordRejectedError';

  constructor(
    /** Stable name of the rule that it breaks, or the SQLSTATE of Postgres. */
    readonly reason: RejectReason,
    /** The column at fault, if one is. */
    readonly column: string | undefined,
    message: string,
  ) {
    super('RECORD_REJECTED', `The record was rejected${column === undefined ? '' : ` (column ${column})`}: ${message}`);
  }
}
