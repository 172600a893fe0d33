import type { SourceRecord } from './source-record.js';

/** Records for one transaction: an array or another Iterable of them, or records of a file. */
export type RecordSource<R extends object> = readonly R[] | Iterable<R> | Iterable<SourceRecord>;

/** Records for one transaction a batch: also an AsyncIterable of them, or a Node stream of objects. */
export type AsyncRecordSource<R extends object> = RecordSource<R> | AsyncIterable<R> | AsyncIterable<SourceRecord>;
