import { SourceRecord } from '../records/source-record.js';
import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COMMA, isJsonSpace, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './bytes.js';
import { parseJsonRecord } from './parse-json-line.js';
import { RecordBuffer } from './record-buffer.js';
import type { RecordReader } from './record-reader.js';

/**
 * Where the splitter is in the document: before it, before the first element, after a comma, inside a value, after a
 * value, after the document, or beyond a fault, where nothing can be told apart any more.
 */
type Place = 'document' | 'first' | 'element' | 'value' | 'separator' | 'end' | 'lost';

/**
 * A JSON document that is an array of records, or one single record, split as it streams by.
 *
 * It only looks for where a value ends; whether the value is JSON is for the parser to say. Where the document itself
 * is malformed (no `]`, text between the elements or after the end) the elements before stand, and the rest becomes one
 * rejected record, of which the head is kept when it exceeds the limit.
 */
export class JsonArraySplitter implements RecordReader {
  private place: Place = 'document';
  private isArray = false;
  private depth = 0;
  private inString = false;
  private escaped = false;
  private bytesBefore = 0;
  private fault = 'the document ends before its array does';
  private readonly pending: RecordBuffer;

  constructor(maxRecordBytes: number) {
    this.pending = new RecordBuffer(maxRecordBytes);
  }

  *push(chunk: Buffer): Generator<SourceRecord> {
    let at = 0;
    while (at < chunk.length) {
      if (this.place === 'value') {
        const end = this.findValueEnd(chunk, at);
        this.pending.add(chunk.subarray(at, end ?? chunk.length));
        if (end === undefined) break;
        yield this.finishValue();
        at = end;
      } else if (this.place === 'lost') {
        this.pending.add(chunk.subarray(at));
        break;
      } else if (isJsonSpace(chunk[at]) || this.takeStructure(chunk[at], this.bytesBefore + at)) {
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

  /** Moves on by one byte of the document's frame; false when the byte belongs to what comes next. */
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

  /** The position just behind the value, or undefined when it goes on in the next chunk. */
  private findValueEnd(chunk: Buffer, from: number): number | undefined {
    // Locals: every byte of the file passes here, and fields would cost several times as much.
    let { depth, inString, escaped } = this;
    let end: number | undefined;
    for (let at = from; at < chunk.length && end === undefined; at++) {
      const byte = chunk[at];
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
      : SourceRecord.unparsed(this.pending.take(), parseJsonRecord);
  }
}

function faultAt(place: Place, position: number): string {
  const rest = 'from there on no record can be told from the next';
  switch (place) {
    case 'document':
      return 'the document is neither an array of records nor a single record';
    case 'end':
      return `the document goes on behind its end at byte ${position}: for one record a line use the format jsonl`;
    case 'separator':
      return `a comma or the end of the array was expected at byte ${position}; ${rest}`;
    default:
      return `a record was expected at byte ${position}; ${rest}`;
  }
}
