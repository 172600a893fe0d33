/** How far a load is. */
export interface LoadProgress {
  readonly loadId: string;
  /** Table name, or `hybrid`. */
  readonly table: string;
  readonly status: 'running' | 'retrying' | 'completed' | 'failed' | 'interrupted';
  readonly received: number;
  /** Of these, the records that earlier attempts with the same load key have dealt with. */
  readonly receivedEarlier: number;
  /** inserted + updated + unchanged + duplicates; for a hybrid load, stored + duplicates. */
  readonly loaded: number;
  readonly skipped: number;
  readonly rejected: number;
  readonly failed: number;
  readonly batches: number;
  /** How often something was tried again after a passing error; the status is `retrying` when it has just been. */
  readonly retries: number;
}
