import type { Reading, SourceRecord } from '../records/source-record.js';
import type { CsvForm } from './csv/parse-csv-record.js';

/** Supported file formats. */
export type FileFormat = Reading['format'];

/**
 * Turns chunks of bytes into records. Synchronous, so that a record costs no promise, and lazy, so that nothing is parsed
 * ahead of the consumer.
 */
export interface RecordReader {
  /** How the records so far are read; csv only. */
  readonly form?: CsvForm | undefined;
  /** Records completed by this chunk. */
  push(chunk: Buffer): Iterable<SourceRecord>;
  /** Records left at the end of the input. */
  end(): Iterable<SourceRecord>;
}
