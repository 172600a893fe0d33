import { isDeepStrictEqual } from 'node:util';

import { stringify } from 'lossless-json';

import { isJsonSpace, LINE_FEED } from '../files/bytes.js';
import { CsvReader } from '../files/csv/csv-reader.js';
import { parseExactJson } from '../files/parse-json-line.js';
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
/** Signatures that a reader looks for at the start of a file: byte order mark, gzip. */
const FILE_SIGNATURES = [Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from([0x1f, 0x8b])];
const LINE_END = Buffer.from('\n');
/** A reader treats one CR before the LF as part of the line end. */
const LINE_END_AFTER_CR = Buffer.from('\r\n');

/**
 * The lines of a file that loads the same records again, one per record; the first piece includes what precedes it. A
 * line is the record's own bytes. Records on several lines of a JSON document and records with renamed fields are
 * rewritten with the same content.
 * @param onLeftOut - called for each record that cannot be exported, with the reason
 */
export async function* exportLines(
  records: AsyncIterable<KeptRecord>,
  format: ExportFormat,
  onLeftOut: (why: string, record: KeptRecord) => void,
): AsyncGenerator<Buffer> {
  let header: Buffer | undefined;
  let isFirst = true;
  for await (const record of records) {
    let line: Line;
    if (record.reason === LINE_TOO_LONG) {
      line = 'only the first bytes of the record were kept';
    } else if (format === 'jsonl') {
      line = jsonLineOf(record);
    } else {
      const own = csvHeaderOf(record.reading);
      line = csvLineOf(record, own, header ?? own);
      header ??= typeof line === 'string' ? undefined : own;
    }
    if (typeof line === 'string') {
      onLeftOut(line, record);
      continue;
    }
    const end = line.at(-1) === CARRIAGE_RETURN ? LINE_END_AFTER_CR : LINE_END;
    yield Buffer.concat([...(isFirst ? beginning(header, line) : []), line, end]);
    isFirst = false;
  }
}

/** What precedes the first line. */
function beginning(header: Buffer | undefined, line: Buffer): Buffer[] {
  if (header !== undefined) {
    return [header, LINE_END];
  }
  // A first line that looks like a file signature is preceded by an empty line, which is no record.
  return FILE_SIGNATURES.some((signature) => signature.equals(line.subarray(0, signature.length))) ? [LINE_END] : [];
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

/** The header of a record's csv file, with renamed fields under their new names. */
function csvHeaderOf(reading: Reading | null): Buffer | undefined {
  const { header, rename = {} } = reading ?? {};
  const names = header?.map((name) => (Object.hasOwn(rename, name) ? (rename[name] ?? name) : name));
  return names && Buffer.from(names.map((name) => `"${name.replaceAll('"', '""')}"`).join(','));
}

function csvLineOf({ raw }: KeptRecord, own: Buffer | undefined, header: Buffer | undefined): Line {
  if (own === undefined || header === undefined) {
    return 'the record was not read as csv; use --format jsonl';
  }
  if (!own.equals(header)) {
    return 'its csv file has a different header; export that file separately (--load)';
  }
  try {
    const reader = new CsvReader(Infinity);
    const read = [...reader.push(Buffer.concat([header, LINE_END, raw, LINE_END]))];
    return read.length === 1 && read[0]?.raw.equals(raw) === true
      ? raw
      : 'an unclosed quote in the record would include the following records';
  } catch {
    return 'renaming gives two columns of its csv file the same name';
  }
}
