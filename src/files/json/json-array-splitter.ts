import { SourceRecord } from '../../records/source-record.js';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  isJsonSpace,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../bytes.js';
import { asciiUnits, type Encoding, unitBytes, UTF_8 } from '../encoding.js';
import { RecordBuffer } from '../record-buffer.js';
import type { RecordReader } from '../record-reader.js';
import { jsonParser } from './parse-json-line.js';

/**
 * State of the splitter: before the document, before the first element, after a comma, inside a value, after a value,
 * after the document, or after a fault that hides where records begin.
 */
type Place = 'document' | 'first' | 'element' | 'value' | 'separator' | 'end' | 'lost';

/**
 * Splits a JSON document, either an array of records or a single record, while it streams.
 *
 * It only finds the end of each value; the parser checks the value. Where the document itself is malformed (no `]`, text
 * between elements or after the end), earlier elements are kept and the rest becomes one rejected record, truncated to
 * its head if it exceeds the limit.
 */
export class JsonArraySplitter implements RecordReader {
  private place: Place = 'document';
  private isArray = false;
  private depth = 0;
  private inString = false;
  private escaped = false;
  private bytesBefore = 0;
  private fault = 'the document ends before its array ends';
  private readonly pending: RecordBuffer;
  private readonly width: 1 | 2;
  private readonly parse: (raw: Buffer) => SourceRecord;

  constructor(
    maxRecordBytes: number,
    private readonly encoding: Encoding = UTF_8,
  ) {
    this.pending = new RecordBuffer(maxRecordBytes);
    this.width = unitBytes(encoding);
    this.parse = jsonParser(encoding);
  }

  *push(chunk: Buffer): Generator<SourceRecord> {
    const { width } = this;
    const units = asciiUnits(chunk, this.encoding);
    let at = 0;
    while (at < units.length) {
      if (this.place === 'value') {
        const end = this.findValueEnd(units, at);
        this.pending.add(chunk.subarray(at * width, end === undefined ? undefined : end * width));
        if (end === undefined) break;
        yield this.finishValue();
        at = end;
      } else if (this.place === 'lost') {
        this.pending.add(chunk.subarray(at * width));
        break;
      } else if (isJsonSpace(units[at]) || this.takeStructure(units[at], this.bytesBefore + at * width)) {
        at++;
      }
    }
    this.bytesBefore += chunk.length;
  }

  *end(): Generator<SourceRecord> {
    if (this.place === 'document' || this.place === 'end') return;
    yield this.pending.isTooLong
      ? this.pending.takeRejected(this.fault)
      : SourceRecord.rejected(this.pending.take(), 'invalid_json', this.fault);
  }

  /** Consumes one byte between values; false if the byte belongs to what follows. */
  private takeStructure(byte: number | undefined, position: number): boolean {
    const { place } = this;
    if (place === 'document' && byte === OPEN_BRACKET) {
      this.isArray = true;
      this.place = 'first';
    } else if (place === 'separator' && byte === COMMA) {
      this.place = 'element';
    } else if ((place === 'separator' || place === 'first') && byte === CLOSE_BRACKET) {
      this.place = 'end';
    } else {
      const startsValue = place === 'document' ? byte === OPEN_BRACE : place === 'first' || place === 'element';
      const isValue = startsValue && byte !== COMMA && byte !== CLOSE_BRACKET;
      if (!isValue) this.fault = faultAt(place, position);
      this.place = isValue ? 'value' : 'lost';
      return false;
    }
    return true;
  }

  /** The position after the value, or undefined if the value continues in the next chunk. */
  private findValueEnd(units: Buffer, from: number): number | undefined {
    // Locals, because every byte of the file passes here and fields would cost several times as much.
    let { depth, inString, escaped } = this;
    let end: number | undefined;
    for (let at = from; at < units.length && end === undefined; at++) {
      const byte = units[at];
      if (escaped) {
        escaped = false;
      } else if (inString) {
        if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) {
        inString = true;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        depth++;
      } else if (depth === 0) {
        if (byte === COMMA || byte === CLOSE_BRACKET || isJsonSpace(byte)) end = at;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depth--;
        if (depth === 0) end = at + 1;
      }
    }
    this.depth = depth;
    this.inString = inString;
    this.escaped = escaped;
    return end;
  }

  private finishValue(): SourceRecord {
    this.place = this.isArray ? 'separator' : 'end';
    return this.pending.isTooLong
      ? this.pending.takeRejected()
      : SourceRecord.unparsed(this.pending.take(), this.parse);
  }
}

function faultAt(place: Place, position: number): string {
  const rest = 'later records cannot be separated';
  switch (place) {
    case 'document':
      return 'the document is neither an array of records nor a single record';
    case 'end':
      return `text after the end of the document, at byte ${position}. For one record per line, use the format jsonl.`;
    case 'separator':
      return `expected a comma or the end of the array at byte ${position}; ${rest}`;
    default:
      return `expected a record at byte ${position}; ${rest}`;
  }
}
