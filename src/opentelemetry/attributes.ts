/** Stable attributes of OpenTelemetry's conventions for databases. */
export const DB = {
  system: 'db.system.name',
  /** The database. */
  namespace: 'db.namespace',
  /** The table. */
  collection: 'db.collection.name',
  operation: 'db.operation.name',
  /** The SQLSTATE. */
  status: 'db.response.status_code',
} as const;

/** SQLSTATE, system code, or the code of an error of this package. */
export const ERROR_TYPE = 'error.type';

/** Attributes of this package. */
export const HARBOR = {
  /** Name of the StorageModule. */
  storage: 'harbor.storage',
  /** What a load is into: a table name, `hybrid`, or the name of a combined load. */
  table: 'harbor.load.table',
  loadId: 'harbor.load.id',
  disposition: 'harbor.load.disposition',
  attempt: 'harbor.load.attempt',
  status: 'harbor.load.status',
  batchNo: 'harbor.batch.number',
  batchOutcome: 'harbor.batch.outcome',
  recordOutcome: 'harbor.record.outcome',
  rejectReason: 'harbor.reject.reason',
  /** A count of records follows, by outcome. */
  records: 'harbor.records.',
} as const;
