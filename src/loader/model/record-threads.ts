import type { Found } from '../../files/record-findings.js';
import type { Reading, Rejection } from '../../records/source-record.js';
import type { LoadJob } from './load-job.js';
import type { Row } from './row.js';

/** Consecutive records of a file, as another thread takes them. Plain data. */
export interface RecordBytes {
  /** Their bytes, one after the other. */
  readonly bytes: ArrayBuffer;
  readonly lengths: readonly number[];
  readonly reading: Reading;
  /** Position of the first one in the input. */
  readonly firstPosition: number;
  /** Records that were rejected before they were parsed, by their place. */
  readonly rejections: ReadonlyMap<number, Rejection>;
}

/** What another thread made of {@link RecordBytes}. Plain data; the others were skipped. */
export interface NormalizedRecords {
  /** As they came; of a shard, only those of its records. */
  readonly bytes: ArrayBuffer;
  /** Places of the records that belong to the shard, for a load that has one; the others are left out. */
  readonly own?: readonly number[] | undefined;
  readonly units: readonly { readonly index: number; readonly rows: readonly (Row | undefined)[] }[];
  readonly rejected: readonly {
    readonly index: number;
    readonly key: string | undefined;
    readonly rejection: Rejection;
  }[];
  readonly skippedReasons: readonly (readonly [name: string, count: number])[];
  readonly unknownFields: readonly (readonly [name: string, count: number])[];
  readonly carriesDeletion: boolean;
  readonly found: Found;
}

/** Threads that parse, check and normalize records of files. */
export interface RecordThreads {
  readonly count: number;
  /**
   * Takes the bytes away until it gives them back.
   * @throws StorageError `WORKER_FAILED` when the thread ends
   */
  normalize(job: LoadJob, records: RecordBytes): Promise<NormalizedRecords>;
}
