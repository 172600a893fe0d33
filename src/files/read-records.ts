import { constants } from 'node:buffer';
import type { Readable } from 'node:stream';
import { type Reading, SourceRecord } from '../records/source-record.js';
import { type CsvOptions, CsvReader } from './csv/csv-reader.js';
import { type Encoding, UTF_8 } from './encoding.js';
import { JsonArraySplitter } from './json/json-array-splitter.js';
import { JsonLinesReader } from './json/json-lines-reader.js';
import { readBytes } from './read-bytes.js';
import { RecordFindings } from './record-findings.js';
import type { FileFormat, RecordReader } from './record-reader.js';
import { readingOf } from './reread-record.js';

const DEFAULT_MAX_LINE_BYTES = 256 * 1024 * 1024;

/** Options of {@link readRecords}. */
export interface ReadRecordsOptions {
  /** Format of the source. */
  readonly format: FileFormat;
  /** Encoding of the source. @default that of its byte order mark, or UTF-8 */
  readonly encoding?: Encoding | undefined;
  /** How a csv source is written. */
  readonly csv?: CsvOptions | undefined;
  /** Fields to rename, old name to new name; see `renameFields`. @default none */
  readonly rename?: ReadonlyMap<string, string>;
  /** Longer records are rejected without being held in memory. @default 256 MiB */
  readonly maxLineBytes?: number;
  /** Name of the source in errors. @default 'the source' */
  readonly name?: string;
}

/** Records of a file, and what was found in those that are parsed; who parses them in another thread adds to it. */
export interface FileRecords extends AsyncGenerator<SourceRecord> {
  /** @internal */
  readonly findings: RecordFindings;
}

export function areFileRecords(records: object): records is FileRecords {
  return 'findings' in records && records.findings instanceof RecordFindings;
}

/**
 * Reads records from a stream of bytes, compressed or plain, one at a time and in bounded memory. Reads the source only as fast
 * as records are consumed, and closes it when the consumer stops early.
 *
 * A record that cannot be read does not end the load: it is returned as a rejected record with its raw bytes. Records are
 * parsed on first access.
 *
 * @throws StorageError `SOURCE_UNREADABLE` when reading fails or a csv header is invalid
 * @example
 * ```ts
 * const { stream, name } = await openSource('posts.jsonl.gz');
 * for await (const record of readRecords(stream, { format: 'jsonl', name })) {
 *   console.log(record.value ?? record.rejection);
 * }
 * ```
 */
export function readRecords(source: Readable, options: ReadRecordsOptions): FileRecords {
  const closing = new AbortController();
  const findings = new RecordFindings(options.rename ?? new Map<string, string>());
  const records = recordsOf(source, options, findings, closing.signal);
  const end = records.return.bind(records);
  // A generator ends only at its next record, which may be gigabytes of blank lines away.
  records.return = async (value) => {
    closing.abort();
    return end(value);
  };
  return Object.assign(records, { findings });
}

async function* recordsOf(
  source: Readable,
  options: ReadRecordsOptions,
  findings: RecordFindings,
  closing: AbortSignal,
): AsyncGenerator<SourceRecord> {
  const { format, rename = new Map<string, string>(), name = 'the source' } = options;
  // Bytes become a string before parsing, and strings have a maximum length.
  const maxBytes = Math.min(options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES, constants.MAX_STRING_LENGTH);
  const { encoding, chunks } = await readBytes(source, name, options.encoding);
  const reader = createReader(options, maxBytes, encoding);
  if (reader instanceof CsvReader) findings.reader = reader;
  let reading: Reading = {
    format,
    ...(encoding !== UTF_8 && { encoding }),
    ...(rename.size > 0 && { rename: Object.fromEntries(rename) }),
  };
  const finish = (record: SourceRecord): SourceRecord => {
    // Shared by all records: the header is known with the first one.
    if (reader.form !== undefined && reading.header === undefined) reading = { ...reading, ...readingOf(reader.form) };
    const { raw, earlyRejection } = record;
    return earlyRejection === undefined
      ? SourceRecord.unparsed(raw, () => findings.finish(record), reading)
      : new SourceRecord(undefined, raw, earlyRejection, false, reading);
  };
  for await (const chunk of chunks) {
    if (closing.aborted) return;
    for (const record of reader.push(chunk)) yield finish(record);
  }
  for (const record of reader.end()) yield finish(record);
}

function createReader({ format, csv }: ReadRecordsOptions, maxBytes: number, encoding: Encoding): RecordReader {
  switch (format) {
    case 'jsonl':
      return new JsonLinesReader(maxBytes, encoding);
    case 'json':
      return new JsonArraySplitter(maxBytes, encoding);
    case 'csv':
      return new CsvReader(maxBytes, csv, encoding);
  }
}
