import { isDeepStrictEqual } from 'node:util';

import { stringify } from 'lossless-json';

import { isJsonSpace, LINE_FEED } from '../files/bytes.js';
import { CsvReader } from '../files/csv-reader.js';
import { parseExactJson } from '../files/parse-json-line.js';
import { rereadRecord } from '../files/reread-record.js';
import { LINE_TOO_LONG, type Reading } from '../records/source-record.js';
import type { KeptRecord } from './quarantined-record.js';
import { rawBytesOf } from './raw-record.js';
import { reviveRecord } from './revive-record.js';

/** The forms rejected records can be exported in. */
export type ExportFormat = 'jsonl' | 'csv';

/** A line of the file without its end, or why there can be none. */
type Line = Buffer | string;

const CARRIAGE_RETURN = 0x0d;
/** What a reader looks for at the start of a file: a byte order mark, or gzip. */
const FILE_SIGNATURES = [Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from([0x1f, 0x8b])];
const LINE_END = Buffer.from('\n');
/** A reader takes one CR before the LF for a part of the line end. */
const LINE_END_AFTER_CR = Buffer.from('\r\n');

/**
 * The lines of a file that loads the same records again, a record each; the first with what stands before it. A line is
 * the record's own bytes; it is written anew, with the same content, only where these stand on several lines of a JSON
 * document, or where fields were renamed.
 * @param onLeftOut - told of each record that cannot stand in such a file, and why
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
      line = 'only the first bytes of it were kept';
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

/** What stands before the first line. */
function beginning(header: Buffer | undefined, line: Buffer): Buffer[] {
  if (header !== undefined) {
    return [header, LINE_END];
  }
  // It would be taken for the signature of the file; behind an empty line, which is no record, it is not.
  return FILE_SIGNATURES.some((signature) => signature.equals(line.subarray(0, signature.length))) ? [LINE_END] : [];
}

function jsonLineOf({ raw, reading }: KeptRecord): Line {
  if (reading?.format === 'csv') {
    return 'it came from csv: export it as csv';
  }
  if (reading === null) {
    return objectLineOf(raw);
  }
  if (raw.every(isJsonSpace)) {
    return 'it has no bytes of its own: a document that ended too early';
  }
  const { value, rejection } = rereadRecord(raw, reading);
  if (value !== undefined && reading.rename !== undefined) {
    const text = stringify(value) ?? '';
    return isDeepStrictEqual(parseExactJson(text), value) ? Buffer.from(text) : 'renamed, it is not the same any more';
  }
  if (value === undefined && rejection?.rule === 'rename_conflict') {
    return 'it carries a field under its old and its new name';
  }
  if (!raw.includes(LINE_FEED)) {
    return raw;
  }
  // In JSON a line feed is white space wherever it may stand; in what is no JSON, nobody can tell.
  return value === undefined ? 'it is no JSON and stands on several lines' : onOneLine(raw);
}

/** What was handed over as an object, where JSON holds all of it. */
function objectLineOf(raw: Buffer): Line {
  const why = 'it was no JSON but an object, with a value JSON has no form for';
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

/** The header of the file a csv record came from, with the names its fields were renamed to. */
function csvHeaderOf(reading: Reading | null): Buffer | undefined {
  const { header, rename = {} } = reading ?? {};
  const names = header?.map((name) => (Object.hasOwn(rename, name) ? (rename[name] ?? name) : name));
  return names && Buffer.from(names.map((name) => `"${name.replaceAll('"', '""')}"`).join(','));
}

function csvLineOf({ raw }: KeptRecord, own: Buffer | undefined, header: Buffer | undefined): Line {
  if (own === undefined || header === undefined) {
    return 'it did not come from csv: export it as jsonl';
  }
  if (!own.equals(header)) {
    return 'its csv file has another header: export it by itself (--load)';
  }
  try {
    const reader = new CsvReader(Infinity);
    const read = [...reader.push(Buffer.concat([header, LINE_END, raw, LINE_END]))];
    return read.length === 1 && read[0]?.raw.equals(raw) === true
      ? raw
      : 'a quote in it is never closed and would take the records behind it along';
  } catch {
    return 'renamed, two columns of its csv file have one name';
  }
}
