import { isUtf8 } from 'node:buffer';
import { StorageError } from '../errors/storage-error.js';
import { SourceRecord } from '../records/source-record.js';
import { COMMA, LINE_FEED, QUOTE, withoutCarriageReturn } from './bytes.js';
import { parseCsvCells } from './parse-csv-line.js';
import { RecordBuffer } from './record-buffer.js';
import type { RecordReader } from './record-reader.js';

/**
 * Reads comma separated values (RFC 4180) with a header line. Every value is text, byte for byte; an empty cell is an
 * absent field, `""` is an empty text. Empty lines are skipped.
 *
 * No library does this: a rejected record must keep its own bytes and must not affect the records after it. A stray
 * quote ends with its line, or where its quoted cell ends.
 */
export class CsvReader implements RecordReader {
  header: readonly string[] | undefined;
  private inQuotes = false;
  /** A quote opens a quoted cell only at the start of a cell, or right after a quote that seemed to close it. */
  private mayOpen = true;
  private readonly record: RecordBuffer;

  constructor(maxRecordBytes: number) {
    this.record = new RecordBuffer(maxRecordBytes);
  }

  *push(chunk: Buffer): Generator<SourceRecord> {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === QUOTE) {
        if (this.inQuotes) this.mayOpen = true;
        this.inQuotes = !this.inQuotes && this.mayOpen;
      } else if (this.inQuotes) {
        continue;
      } else if (byte === LINE_FEED) {
        this.record.add(chunk.subarray(start, at));
        yield* this.end();
        start = at + 1;
      } else {
        this.mayOpen = byte === COMMA;
      }
    }
    this.record.add(chunk.subarray(start));
  }

  /** Ends the current record: at a line feed outside quotes, or at the end of the input. */
  *end(): Generator<SourceRecord> {
    this.mayOpen = true;
    if (this.record.isTooLong) {
      if (this.header === undefined) throw badHeader('is too long. Check that the file is csv.');
      yield this.record.takeRejected();
      return;
    }
    const bytes = this.record.take();
    const raw = this.inQuotes ? bytes : withoutCarriageReturn(bytes);
    if (raw.length === 0) return;
    const { header } = this;
    if (header === undefined) this.header = parseHeader(raw);
    else yield SourceRecord.unparsed(raw, () => parseCsvRecord(raw, header));
  }
}

function parseHeader(raw: Buffer): readonly string[] {
  if (!isUtf8(raw)) throw badHeader('is not valid UTF-8. Save the file as UTF-8.');
  const cells = parseCsvCells(raw.toString('utf8'));
  if (cells === undefined) throw badHeader('contains a quote that does not enclose a whole name');
  const names = cells.map((cell) => cell ?? '');
  const unnamed = names.findIndex((name) => name.trim() === '');
  if (unnamed !== -1) throw badHeader(`has no name for column ${unnamed + 1}`);
  // Columns are named by number: without a header, these would be the values of a record.
  const repeated = names.flatMap((name, index) => (names.indexOf(name) === index ? [] : [index + 1]));
  if (repeated.length > 0) throw badHeader(`repeats an earlier name in column ${repeated.join(', ')}`);
  return names;
}

function badHeader(problem: string): StorageError {
  return new StorageError('SOURCE_UNREADABLE', `the header line of the csv file ${problem}`);
}

/** Parses the bytes of one csv record. Never throws for invalid content: it returns a rejected record. */
export function parseCsvRecord(raw: Buffer, header: readonly string[]): SourceRecord {
  if (!isUtf8(raw)) return SourceRecord.rejected(raw, 'invalid_utf8', 'the record is not valid UTF-8');
  const cells = parseCsvCells(raw.toString('utf8'));
  if (cells === undefined) {
    const message = 'a quote is not closed, or does not enclose a whole cell (write a quote inside a cell as "")';
    return SourceRecord.rejected(raw, 'invalid_csv', message);
  }
  if (cells.length !== header.length) {
    const message = `the record has ${cells.length} cells, but the header has ${header.length}`;
    return SourceRecord.rejected(raw, 'wrong_field_count', message);
  }
  const value: Record<string, string> = {};
  for (const [index, name] of header.entries()) {
    const cell = cells[index];
    if (cell === undefined) continue;
    if (name === '__proto__') {
      // Plain assignment of `__proto__` would set the prototype.
      Object.defineProperty(value, name, { value: cell, enumerable: true, configurable: true, writable: true });
    } else {
      value[name] = cell;
    }
  }
  return new SourceRecord(value, raw, undefined, true);
}
