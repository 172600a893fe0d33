import { LINE_TOO_LONG, SourceRecord } from '../records/source-record.js';

/** Bytes kept of a record that exceeds the limit, to recognise it. */
const MAX_HEAD_BYTES = 1024;

/**
 * Collects the bytes of one record across chunks. A record within one chunk is not copied; of one that exceeds
 * `maxBytes`, only the first 1,024 bytes are kept.
 */
export class RecordBuffer {
  private pieces: Buffer[] = [];
  private size = 0;
  private readonly headBytes: number;

  constructor(private readonly maxBytes: number) {
    this.headBytes = Math.min(maxBytes, MAX_HEAD_BYTES);
  }

  add(piece: Buffer): void {
    if (piece.length === 0) return;
    this.size += piece.length;
    this.pieces.push(piece);
    if (this.isTooLong) this.keepHead();
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** Whether the record exceeds the limit; `take` then returns only its head. */
  get isTooLong(): boolean {
    return this.size > this.maxBytes;
  }

  /** Returns the collected bytes and empties the buffer. */
  take(): Buffer {
    const [first, ...more] = this.pieces;
    const bytes = first === undefined || more.length > 0 ? Buffer.concat(this.pieces) : first;
    this.pieces = [];
    this.size = 0;
    return bytes;
  }

  /**
   * Returns a rejected record for one that exceeds the limit.
   * @param problem - the fault, if it is not the length
   */
  takeRejected(problem = `the record is longer than ${this.maxBytes} bytes`): SourceRecord {
    const message = `${problem}; only its first ${this.headBytes} bytes are kept`;
    return SourceRecord.rejected(this.take(), LINE_TOO_LONG, message);
  }

  private keepHead(): void {
    // A copy, so that the chunks themselves can be collected.
    this.pieces = [Buffer.concat(this.pieces, this.headBytes)];
  }
}
