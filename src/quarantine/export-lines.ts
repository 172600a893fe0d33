import { isDeepStrictEqual } from 'node:util';

import { stringify } from 'lossless-json';

import { isJsonSpace, LINE_FEED } from '../files/bytes.js';
import { CsvReader } from '../files/csv/csv-reader.js';
import { decode, UTF_8 } from '../files/encoding.js';
import { parseExactJson } from '../files/json/parse-json-line.js';
import { startsPlainly } from '../files/read-bytes.js';
import { rereadRecord } from '../files/reread-record.js';
import { LINE_TOO_LONG, type Reading } from '../records/source-record.js';
import type { KeptRecord } from './quarantined-record.js';
import { rawBytesOf } from './raw-record.js';
import { reviveRecord } from './revive-record.js';

/** Export formats. */
export type ExportFormat = 'jsonl' | 'csv';

/** A line without its end, or the reason why there is none. */
type Line = Buffer | string;

const CARRIAGE_RETURN = 0x0d;
const LINE_END = Buffer.from('\n');
/** A reader treats one CR before the LF as part of the line end. */
const LINE_END_AFTER_CR = Buffer.from('\r\n');

/** How the exported csv file must be read, where that is not the usual way. */
export type CsvDialect = Pick<Reading, 'delimiter' | 'nullText'>;

/** Where an export reports to. */
export interface ExportReport {
  /** Called for each record that cannot be exported, with the reason. */
  readonly onLeftOut: (why: string, record: KeptRecord) => void;
  /** Called before the first line of a csv file. */
  readonly onDialect?: ((dialect: CsvDialect) => void) | undefined;
}

/**
 * The lines of a UTF-8 file that loads the same records again, one per record; the first piece includes what precedes it.
 * A line is the record's own bytes. Records in another encoding, on several lines of a JSON document, or with renamed
 * fields are rewritten with the same content.
 * @param format - undefined: as the first record was read
 */
export async function* exportLines(
  records: AsyncIterable<KeptRecord>,
  format: ExportFormat | undefined,
  { onLeftOut, onDialect }: ExportReport,
): AsyncGenerator<Buffer> {
  let chosen = format;
  let first: CsvFile | undefined;
  let isFirst = true;
  for await (const record of records) {
    chosen ??= record.reading?.format === 'csv' ? 'csv' : 'jsonl';
    const own = csvFileOf(record.reading);
    const line = lineOf(record, chosen, own, first);
    if (typeof line === 'string') {
      onLeftOut(line, record);
      continue;
    }
    if (chosen === 'csv' && first === undefined && own !== undefined) {
      first = own;
      onDialect?.(own.dialect);
    }
    const end = line.at(-1) === CARRIAGE_RETURN ? LINE_END_AFTER_CR : LINE_END;
    const start = isFirst ? beginning(first === undefined ? [] : [first.header, LINE_END], line) : [];
    yield Buffer.concat([...start, line, end]);
    isFirst = false;
  }
}

function lineOf(record: KeptRecord, format: ExportFormat, own: CsvFile | undefined, first: CsvFile | undefined): Line {
  if (record.reason === LINE_TOO_LONG) {
    return 'only the first bytes of the record were kept';
  }
  const plain = inUtf8(record);
  if (plain === undefined) {
    return `the record is not valid ${record.reading?.encoding}`;
  }
  return format === 'jsonl' ? jsonLineOf(plain) : csvLineOf(plain, own, first ?? own);
}

/** The record as if its file had been UTF-8; undefined if its bytes have no text. */
function inUtf8(record: KeptRecord): KeptRecord | undefined {
  const { encoding = UTF_8, ...reading } = record.reading ?? {};
  if (encoding === UTF_8 || record.reading === null) {
    return record;
  }
  const text = decode(record.raw, encoding);
  return text === undefined ? undefined : { ...record, raw: Buffer.from(text), reading: reading as Reading };
}

/** What precedes the first line. Empty lines, which are no records, hide what a reader would take for a signature. */
function beginning(header: readonly Buffer[], line: Buffer): Buffer[] {
  const start = [...header];
  while (!startsPlainly(Buffer.concat([...start, line, LINE_END]))) {
    start.unshift(LINE_END);
  }
  return start;
}

function jsonLineOf({ raw, reading }: KeptRecord): Line {
  if (reading?.format === 'csv') {
    return 'the record was read as csv; use --format csv';
  }
  if (reading === null) {
    return objectLineOf(raw);
  }
  if (raw.every(isJsonSpace)) {
    return 'the record has no bytes of its own, because its document ended too early';
  }
  const { value, rejection } = rereadRecord(raw, reading);
  if (value !== undefined && reading.rename !== undefined) {
    const text = stringify(value) ?? '';
    return isDeepStrictEqual(parseExactJson(text), value)
      ? Buffer.from(text)
      : 'renaming its fields would alter the record';
  }
  if (value === undefined && rejection?.rule === 'rename_conflict') {
    return 'the record has a field under both its old and its new name';
  }
  if (!raw.includes(LINE_FEED)) {
    return raw;
  }
  // In JSON a line feed can only be white space; invalid JSON cannot be put on one line.
  return value === undefined ? 'the record is invalid JSON on several lines' : onOneLine(raw);
}

/** A record passed as an object, if JSON can express all of it. */
function objectLineOf(raw: Buffer): Line {
  const why = 'the record was an object with a value that JSON cannot express';
  const revived = reviveRecord(raw);
  const text = revived === undefined ? undefined : stringify(revived.value);
  if (text === undefined) {
    return why;
  }
  const line = Buffer.from(text);
  return rawBytesOf(parseExactJson(text)).equals(raw) ? line : why;
}

function onOneLine(raw: Buffer): Buffer {
  return Buffer.from(raw.map((byte) => (byte === LINE_FEED ? 0x20 : byte)));
}

/** The csv file that a record came from, with renamed fields under their new names. */
interface CsvFile {
  readonly header: Buffer;
  readonly dialect: CsvDialect;
}

function csvFileOf(reading: Reading | null): CsvFile | undefined {
  const { header, rename = {}, delimiter, nullText } = reading ?? {};
  const names = header?.map((name) => (Object.hasOwn(rename, name) ? (rename[name] ?? name) : name));
  return (
    names && {
      header: Buffer.from(names.map((name) => `"${name.replaceAll('"', '""')}"`).join(delimiter ?? ',')),
      dialect: { ...(delimiter !== undefined && { delimiter }), ...(nullText !== undefined && { nullText }) },
    }
  );
}

function csvLineOf({ raw }: KeptRecord, own: CsvFile | undefined, first: CsvFile | undefined): Line {
  if (own === undefined || first === undefined) {
    return 'the record was not read as csv; use --format jsonl';
  }
  if (!isDeepStrictEqual(own, first)) {
    return 'its csv file has a different header, delimiter or null; export that file separately (--load)';
  }
  const { header, dialect } = own;
  try {
    const reader = new CsvReader(Infinity, { delimiter: ',', ...dialect });
    const read = [...reader.push(Buffer.concat([header, LINE_END, raw, LINE_END]))];
    return read.length === 1 && read[0]?.raw.equals(raw) === true
      ? raw
      : 'an unclosed quote in the record would include the following records';
  } catch {
    return 'renaming gives two columns of its csv file the same name';
  }
}
