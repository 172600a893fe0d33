import type { Reading, SourceRecord } from '../records/source-record.js';

/** The file formats that can be loaded. */
export type FileFormat = Reading['format'];

/**
 * Turns chunks of bytes into records. Synchronous, so that a record costs no promise of its own, and lazy, so that
 * nothing is parsed ahead of the consumer.
 */
export interface RecordReader {
  /** Names of the cells of the records so far; csv only. */
  readonly header?: readonly string[] | undefined;
  /** The records that are complete with this chunk. */
  push(chunk: Buffer): Iterable<SourceRecord>;
  /** What is left when the input has ended. */
  end(): Iterable<SourceRecord>;
}
