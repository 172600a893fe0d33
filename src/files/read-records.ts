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

/** How a source is read. */
export interface ReadRecordsOptions {
  /** How the records are written. */
  readonly format: FileFormat;
  /** Fields to rename, old name to new name; see {@link renameFields}. @default none */
  readonly rename?: ReadonlyMap<string, string>;
  /** Told at the end which names of `rename` no record that was read has carried; not when none was. @default nobody */
  readonly onUnmetRenames?: (names: readonly string[]) => void;
  /** A record of more bytes is rejected, without being held in memory. @default 256 MiB */
  readonly maxLineBytes?: number;
  /** What the source is called in errors. @default 'the source' */
  readonly name?: string;
}

/**
 * Reads the records of a stream of bytes, gzip or plain, one at a time and in bounded memory. The source is read only
 * as fast as the records are taken, and closed when the consumer stops early.
 *
 * A record that cannot be read does not end the load: it comes with a rejection and its raw bytes. Each is parsed when it
 * is first looked at.
 *
 * @throws StorageError `SOURCE_UNREADABLE` when the source breaks off or a csv header is unusable
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
  // Bytes become a string before they are parsed, and a string cannot be longer than this.
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
    // One object for all of them: the header is known with the first record.
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
