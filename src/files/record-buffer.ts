import { LINE_TOO_LONG, SourceRecord } from '../records/source-record.js';

/** How much is kept of a record that exceeds the limit: enough to recognise it by. */
const MAX_HEAD_BYTES = 1024;

/**
 * Gathers the bytes of one record across chunks. A record that lies within one chunk is handed on without copying;
 * of one that exceeds `maxBytes` only the head (the first 1,024 bytes at most) is held.
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

  /** True when more bytes came than a record may have; `take` then returns the first of them only. */
  get isTooLong(): boolean {
    return this.size > this.maxBytes;
  }

  /** The gathered bytes; the buffer is empty afterwards. */
  take(): Buffer {
    const [first, ...more] = this.pieces;
    const bytes = first === undefined || more.length > 0 ? Buffer.concat(this.pieces) : first;
    this.pieces = [];
    this.size = 0;
    return bytes;
  }

  /**
   * Takes a record that exceeded the limit.
   * @param problem - what is wrong with it, where that is something else than its length
   */
  takeRejected(problem = `the record is longer than ${this.maxBytes} bytes`): SourceRecord {
    const message = `${problem}; of its bytes only the first ${this.headBytes} are kept`;
    return SourceRecord.rejected(this.take(), LINE_TOO_LONG, message);
  }

  private keepHead(): void {
    // A copy, so that the chunks themselves can be collected.
    this.pieces = [Buffer.concat(this.pieces, this.headBytes)];
  }
}
