import { constants } from 'node:buffer';
import type { Readable } from 'node:stream';
import { type Reading, SourceRecord } from '../records/source-record.js';
import { CsvReader } from './csv-reader.js';
import { JsonArraySplitter } from './json-array-splitter.js';
import { JsonLinesReader } from './json-lines-reader.js';
import { readBytes } from './read-bytes.js';
import type { FileFormat, RecordReader } from './record-reader.js';
import { renameFields } from './rename-fields.js';

const DEFAULT_MAX_LINE_BYTES = 256 * 1024 * 1024;

/** Options of {@link readRecords}. */
export interface ReadRecordsOptions {
  /** Format of the source. */
  readonly format: FileFormat;
  /** Fields to rename, old name to new name; see {@link renameFields}. @default none */
  readonly rename?: ReadonlyMap<string, string>;
  /** Called at the end with names in `rename` that no record had; not if there were no records. @default none */
  readonly onUnmetRenames?: (names: readonly string[]) => void;
  /** Longer records are rejected without being held in memory. @default 256 MiB */
  readonly maxLineBytes?: number;
  /** Name of the source in errors. @default 'the source' */
  readonly name?: string;
}

/**
 * Reads records from a stream of bytes, gzip or plain, one at a time and in bounded memory. Reads the source only as fast
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
export async function* readRecords(source: Readable, options: ReadRecordsOptions): AsyncGenerator<SourceRecord> {
  const { format, rename = new Map<string, string>(), name = 'the source' } = options;
  // Bytes become a string before parsing, and strings have a maximum length.
  const maxBytes = Math.min(options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES, constants.MAX_STRING_LENGTH);
  const reader = createReader(format, maxBytes);
  let reading: Reading = { format, ...(rename.size > 0 && { rename: Object.fromEntries(rename) }) };
  const unmet = new Set(rename.keys());
  let wasRead = false;
  const parse = (record: SourceRecord): SourceRecord => {
    const { value } = record;
    if (value !== undefined) {
      wasRead = true;
      unmet.forEach((field) => Object.hasOwn(value, field) && unmet.delete(field));
    }
    return renameFields(record, rename);
  };
  const finish = (record: SourceRecord): SourceRecord => {
    // Shared by all records: the header is known with the first one.
    if (reading.header !== reader.header) reading = { ...reading, header: reader.header };
    return SourceRecord.unparsed(record.raw, () => parse(record), reading);
  };
  try {
    for await (const chunk of readBytes(source, name)) {
      for (const record of reader.push(chunk)) yield finish(record);
    }
    for (const record of reader.end()) yield finish(record);
  } finally {
    if (wasRead && unmet.size > 0) options.onUnmetRenames?.([...unmet]);
  }
}

function createReader(format: FileFormat, maxBytes: number): RecordReader {
  switch (format) {
    case 'jsonl':
      return new JsonLinesReader(maxBytes);
    case 'json':
      return new JsonArraySplitter(maxBytes);
    case 'csv':
      return new CsvReader(maxBytes);
  }
}
