import { SourceRecord } from '../../records/source-record.js';
import { CARRIAGE_RETURN, LINE_FEED, QUOTE } from '../bytes.js';
import { asciiUnits, decode, type Encoding, unitBytes, UTF_8 } from '../encoding.js';
import { RecordBuffer } from '../record-buffer.js';
import type { RecordReader } from '../record-reader.js';
import {
  badHeader,
  candidateDelimiters,
  decodeHeader,
  delimiterOfSeparatorLine,
  hasKnownName,
  looksLikeHeader,
  parseHeader,
  recogniseDelimiter,
} from './csv-header.js';
import { parseCsvCells } from './parse-csv-cells.js';
import { type CsvForm, parseCsvRecord } from './parse-csv-record.js';

/** How a csv file is written. */
export interface CsvOptions {
  /** One ASCII character. @default that of a line `sep=;`, or what the header shows, or a comma */
  readonly delimiter?: string | undefined;
  /** An unquoted cell with this text is null. @default none */
  readonly nullText?: string | undefined;
  /** Lines before the header, such as the title of a spreadsheet. @default 0 */
  readonly skipLines?: number | undefined;
  /** Names that a header may have, to recognise the delimiter by. @default none: it is a comma */
  readonly knownNames?: ReadonlySet<string> | undefined;
}

/** What ended a record. */
type Terminator = 'line feed' | 'carriage return' | 'end of input';

const NO_RECORDS: readonly SourceRecord[] = [];
const NO_NAMES: ReadonlySet<string> = new Set();
/** A header is searched among this many lines. */
const LINES_LOOKED_AT = 20;

/**
 * Reads values separated by commas or another character (RFC 4180) with a header line. Every value is text, byte for
 * byte; an empty cell is an absent field, `""` is an empty text. Empty lines are skipped.
 *
 * No library does this: a rejected record must keep its own bytes and must not affect the records after it. A stray
 * quote ends with its line, or where its quoted cell ends.
 */
export class CsvReader implements RecordReader {
  form: CsvForm | undefined;
  /** Number of the line that looks more like a header than the header does, from 1. */
  headerLine: number | undefined;
  private inQuotes = false;
  /** The last quote closed a cell, or seemed to: a quote right after it is the second of a doubled one. */
  private hasClosed = false;
  /** The last code unit of the chunk before. */
  private last: number | undefined;
  /** Which bytes are delimiters. Until the header is read, any candidate may be one. */
  private readonly delimiters = new Uint8Array(256);
  private delimiter: string | undefined;
  private linesToSkip: number;
  private lines = 0;
  /** Whether a CR alone ends a record: in the header until known better, then as the header had it. */
  private endsAtCarriageReturn = true;
  /** A record was just ended by a CR; an LF after it belongs to it. */
  private afterCarriageReturn = false;
  private lineEndIsUnknown = true;
  /** CRs of the current record outside quotes that end nothing. */
  private carriageReturns = 0;
  private readonly record: RecordBuffer;
  private readonly width: 1 | 2;

  constructor(
    private readonly maxRecordBytes: number,
    private readonly options: CsvOptions = {},
    private readonly encoding: Encoding = UTF_8,
  ) {
    this.record = new RecordBuffer(maxRecordBytes);
    this.width = unitBytes(encoding);
    this.linesToSkip = options.skipLines ?? 0;
    this.delimiter = options.delimiter;
    this.setDelimiters(this.delimiter === undefined ? candidateDelimiters(encoding) : [this.delimiter]);
  }

  *push(chunk: Buffer): Generator<SourceRecord> {
    const { width } = this;
    const units = asciiUnits(chunk, this.encoding);
    // Locals, because every byte of the file passes here and fields would cost several times as much.
    let { inQuotes, endsAtCarriageReturn } = this;
    let start = 0;
    for (let at = 0; at < units.length; at++) {
      const unit = units[at];
      if (unit === QUOTE) {
        inQuotes = this.readQuote(inQuotes, at === 0 ? this.last : units[at - 1], at === start);
      } else if (inQuotes) {
        continue;
      } else if (unit === LINE_FEED || (unit === CARRIAGE_RETURN && endsAtCarriageReturn)) {
        this.record.add(chunk.subarray(start * width, at * width));
        start = at + 1;
        this.inQuotes = false;
        for (const record of this.endAt(unit === LINE_FEED ? 'line feed' : 'carriage return')) yield record;
        ({ endsAtCarriageReturn } = this);
      } else if (unit === CARRIAGE_RETURN) {
        this.carriageReturns++;
      }
    }
    this.inQuotes = inQuotes;
    this.last = units.at(-1) ?? this.last;
    this.record.add(chunk.subarray(start * width));
  }

  /**
   * Whether the text after a quote is quoted.
   * @param last - what stands before the quote
   * @param isFirst - nothing of the record stands before it in this chunk
   */
  private readQuote(inQuotes: boolean, last: number | undefined, isFirst: boolean): boolean {
    if (inQuotes || this.linesToSkip > 0) {
      this.hasClosed = inQuotes;
      return false;
    }
    const startsCell = (isFirst && this.record.isEmpty) || this.delimiters[last ?? 0] === 1;
    const isDoubled = last === QUOTE && this.hasClosed;
    this.hasClosed = false;
    return startsCell || isDoubled;
  }

  end(): readonly SourceRecord[] {
    return this.endAt('end of input');
  }

  /** Ends the current record: at a line end outside quotes, or at the end of the input. */
  private endAt(terminator: Terminator): readonly SourceRecord[] {
    if (terminator === 'line feed' && this.afterCarriageReturn && this.record.isEmpty) {
      // CR LF is one line end.
      this.afterCarriageReturn = false;
      if (this.lineEndIsUnknown && this.form !== undefined) this.setLineEnd(false);
      return NO_RECORDS;
    }
    this.afterCarriageReturn = terminator === 'carriage return';
    this.lines++;
    if (this.form !== undefined) return this.readRecord(this.form, terminator);
    this.readHeader(terminator);
    return NO_RECORDS;
  }

  private readHeader(terminator: Terminator): void {
    const { encoding, options } = this;
    const skipped = this.linesToSkip > 0;
    if (skipped) this.linesToSkip--;
    if (this.record.isTooLong && !skipped) throw badHeader('is too long. Check that the file is csv.');
    const raw = this.withoutLineEnd(this.record.take(), terminator);
    if (skipped || raw.length === 0) return;
    const line = decodeHeader(raw, encoding);
    const named = delimiterOfSeparatorLine(line);
    if (named !== undefined) {
      this.delimiter ??= named;
      this.setDelimiters([this.delimiter]);
      return;
    }
    const delimiter = this.delimiter ?? recogniseDelimiter(line, encoding, options.knownNames ?? NO_NAMES);
    this.form = { header: parseHeader(line, delimiter), delimiter, nullText: options.nullText, encoding };
    this.setDelimiters([delimiter]);
    if (terminator === 'line feed') this.setLineEnd(false);
  }

  private readRecord(form: CsvForm, terminator: Terminator): readonly SourceRecord[] {
    // Not CR LF, so the CR that ended the header was a line end of its own.
    if (this.lineEndIsUnknown) this.setLineEnd(true);
    const { carriageReturns } = this;
    this.carriageReturns = 0;
    if (this.record.isTooLong) return [this.record.takeRejected()];
    const bytes = this.record.take();
    const raw = this.withoutLineEnd(bytes, terminator);
    if (raw.length === 0) return NO_RECORDS;
    if (this.lines <= LINES_LOOKED_AT) this.lookForHeader(raw, form);
    const isPlain = carriageReturns === 0 || (carriageReturns === 1 && raw !== bytes);
    if (!isPlain) return this.recordsIn(raw, form).map((part) => unparsed(part, form));
    return [unparsed(raw, form)];
  }

  /**
   * Records that a CR alone separates in a file of other line ends. It does so only where each of them has all the cells
   * of the header, so that a CR that belongs to a cell stays there.
   */
  private recordsIn(raw: Buffer, form: CsvForm): Buffer[] {
    const count = form.header.length;
    if (count < 2 || cellsOf(raw, form) === count) return [raw];
    const reader = new CsvReader(this.maxRecordBytes, this.options, this.encoding);
    reader.form = form;
    reader.setDelimiters([form.delimiter]);
    reader.setLineEnd(true);
    const parts = [...reader.push(raw), ...reader.end()].map((part) => part.raw);
    return parts.every((part) => cellsOf(part, form) === count) ? parts : [raw];
  }

  /** Whether a line near the start has the names that the header lacks. */
  private lookForHeader(raw: Buffer, form: CsvForm): void {
    const { knownNames } = this.options;
    if (knownNames === undefined || this.headerLine !== undefined || hasKnownName(form.header, knownNames)) return;
    const line = decode(raw, this.encoding);
    if (line !== undefined && looksLikeHeader(line, this.encoding, knownNames)) this.headerLine = this.lines;
  }

  private withoutLineEnd(bytes: Buffer, terminator: Terminator): Buffer {
    if (this.inQuotes || terminator === 'carriage return') return bytes;
    const last = bytes.subarray(-this.width);
    return asciiUnits(last, this.encoding)[0] === CARRIAGE_RETURN ? bytes.subarray(0, -this.width) : bytes;
  }

  private setLineEnd(isCarriageReturn: boolean): void {
    this.endsAtCarriageReturn = isCarriageReturn;
    this.lineEndIsUnknown = false;
  }

  private setDelimiters(delimiters: readonly string[]): void {
    this.delimiters.fill(0);
    for (const delimiter of delimiters) this.delimiters[delimiter.charCodeAt(0)] = 1;
  }
}

function unparsed(raw: Buffer, form: CsvForm): SourceRecord {
  return SourceRecord.unparsed(raw, (bytes) => parseCsvRecord(bytes, form));
}

function cellsOf(raw: Buffer, form: CsvForm): number | undefined {
  const line = decode(raw, form.encoding);
  return line === undefined ? undefined : parseCsvCells(line, form)?.length;
}
