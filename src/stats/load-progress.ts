/** The progress of a load. */
export interface LoadProgress {
  readonly loadId: string;
  /** Table name, or `hybrid`. */
  readonly table: string;
  readonly status: 'running' | 'retrying' | 'completed' | 'failed' | 'interrupted';
  readonly received: number;
  /** Of these, the records of earlier attempts with the same load key. */
  readonly receivedEarlier: number;
  /** inserted + updated + unchanged + duplicates; for a hybrid load, stored + duplicates. */
  readonly loaded: number;
  readonly skipped: number;
  readonly rejected: number;
  readonly failed: number;
  readonly batches: number;
  /** How often something was retried after a passing error; then the status is `retrying`. */
  readonly retries: number;
}
