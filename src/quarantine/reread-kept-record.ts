import { rereadRecord } from '../files/reread-record.js';
import type { RejectReason } from '../records/reject-reasons.js';
import { LINE_TOO_LONG, type Rejection, SourceRecord } from '../records/source-record.js';
import type { KeptRecord } from './quarantined-record.js';
import { reviveRecord } from './revive-record.js';

/**
 * The record as originally passed to its load. If it cannot be read again (only its head was kept, or an object that bytes
 * cannot restore), it is returned as a rejected record with its old reason.
 */
export function rereadKeptRecord(kept: KeptRecord): unknown {
  const { raw, reading, reason, column, message } = kept;
  // What quarantine holds was a reason when it was written.
  const rejection: Rejection = { rule: reason as RejectReason, column: column ?? undefined, message };
  if (reason === LINE_TOO_LONG) {
    return new SourceRecord(undefined, raw, rejection);
  }
  if (reading === null) {
    const revived = reviveRecord(raw);
    return revived === undefined ? new SourceRecord(undefined, raw, rejection) : revived.value;
  }
  const record = rereadRecord(raw, reading);
  // With the old message, which knew the file around the record.
  return record.rejection?.rule === reason
    ? new SourceRecord(undefined, raw, rejection, record.textual, reading)
    : record;
}
