import { SourceRecord } from '../records/source-record.js';
import { isJsonSpace, LINE_FEED, withoutCarriageReturn } from './bytes.js';
import { parseJsonRecord } from './parse-json-line.js';
import { RecordBuffer } from './record-buffer.js';
import type { RecordReader } from './record-reader.js';

/** Reads one JSON object per line. Blank lines are skipped. */
export class JsonLinesReader implements RecordReader {
  private readonly line: RecordBuffer;

  constructor(maxLineBytes: number) {
    this.line = new RecordBuffer(maxLineBytes);
  }

  *push(chunk: Buffer): Generator<SourceRecord> {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      this.line.add(chunk.subarray(start, end));
      yield* this.end();
      start = end + 1;
    }
    this.line.add(chunk.subarray(start));
  }

  /** Ends the current line: at a line feed, or at the end of the input. */
  *end(): Generator<SourceRecord> {
    if (this.line.isTooLong) {
      yield this.line.takeRejected();
      return;
    }
    const raw = withoutCarriageReturn(this.line.take());
    if (!raw.every(isJsonSpace)) yield SourceRecord.unparsed(raw, parseJsonRecord);
  }
}
