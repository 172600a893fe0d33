import { SourceRecord } from '../../records/source-record.js';
import { CARRIAGE_RETURN, isJsonSpace, LINE_FEED } from '../bytes.js';
import { asciiUnits, type Encoding, unitBytes, UTF_8 } from '../encoding.js';
import { RecordBuffer } from '../record-buffer.js';
import type { RecordReader } from '../record-reader.js';
import { jsonParser } from './parse-json-line.js';

/** Reads one JSON object per line. Blank lines are skipped. */
export class JsonLinesReader implements RecordReader {
  private readonly line: RecordBuffer;
  private readonly width: 1 | 2;
  private readonly parse: (raw: Buffer) => SourceRecord;

  constructor(
    maxLineBytes: number,
    private readonly encoding: Encoding = UTF_8,
  ) {
    this.line = new RecordBuffer(maxLineBytes);
    this.width = unitBytes(encoding);
    this.parse = jsonParser(encoding);
  }

  *push(chunk: Buffer): Generator<SourceRecord> {
    const { width } = this;
    const units = asciiUnits(chunk, this.encoding);
    let start = 0;
    for (let end = units.indexOf(LINE_FEED); end !== -1; end = units.indexOf(LINE_FEED, start)) {
      this.line.add(chunk.subarray(start * width, end * width));
      const record = this.endLine();
      if (record !== undefined) yield record;
      start = end + 1;
    }
    this.line.add(chunk.subarray(start * width));
  }

  *end(): Generator<SourceRecord> {
    const record = this.endLine();
    if (record !== undefined) yield record;
  }

  /** Ends the current line: at a line feed, or at the end of the input. */
  private endLine(): SourceRecord | undefined {
    if (this.line.isTooLong) return this.line.takeRejected();
    const line = this.line.take();
    const units = asciiUnits(line, this.encoding);
    if (units.every(isJsonSpace)) return undefined;
    const raw = units.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -this.width) : line;
    return SourceRecord.unparsed(raw, this.parse);
  }
}
