import type { ObjectLiteral } from 'typeorm';

import type { LoadEntity } from '../../entities/index.js';
import { type Check, findMistakes, integerFrom, takeOptions } from '../../errors/find-mistakes.js';
import { InvalidLoadError, InvalidOptionError } from '../../errors/index.js';
import type { Disposition, Shard } from '../../results/load-result.js';
import type { LoadProgress } from '../../stats/load-progress.js';
import type { RowOutcome } from './row-outcome.js';

/** Whether a load without a load key that goes well stays in the history. */
export type HistoryMode = 'all' | 'off';

/** Options of one load. */
export interface LoadOptions {
  /** What a load does with rows that are stored, and with those that are not. @default 'merge' */
  readonly disposition?: Disposition | undefined;
  /** Columns (or properties) of the unique key a merge goes by. @default the entity's primary key */
  readonly primaryKey?: string | readonly string[] | undefined;
  /** Merge and update only: a row whose value in this column is smaller than the stored one changes nothing. */
  readonly newerBy?: string | undefined;
  /**
   * Merge and update only: the columns (or properties) that are updated in stored rows; the others stay as they are. New
   * rows take all. @default all
   */
  readonly updateColumns?: readonly string[] | undefined;
  /** The same by its other side: these columns stay as they are in stored rows, the others are updated. @default none */
  readonly keepColumns?: readonly string[] | undefined;
  /**
   * Merge and update only: a field, or column, of records. A record that carries it as true deletes its row, by its key alone; false,
   * null and absent do not. Where `newerBy` is set, an older record deletes nothing. @default none
   */
  readonly deleteWhen?: string | undefined;
  /** Records a transaction, for `loadBatch`; records staged at once, for a replace. @default the module's `loader.batchSize` */
  readonly batchSize?: number | undefined;
  /** `fail` stops the load at the first rejected record. @default 'quarantine' */
  readonly onReject?: 'quarantine' | 'fail' | undefined;
  /** Stops the load when more records are rejected. @default none for merge and append, 0 for replace */
  readonly maxRejects?: number | undefined;
  /** Lets a replace without a single row empty the table. @default false */
  readonly allowEmpty?: boolean | undefined;
  /**
   * Sets a sequence that is behind the values that records brought for its column, once they are loaded. Otherwise the
   * load only warns. Not undone by a rollback of a transaction that the load has joined. @default false
   */
  readonly syncSequences?: boolean | undefined;
  /**
   * The idempotency key of this load and its input. When the load has completed, a load with the same key returns its
   * result (`alreadyCompleted`) and loads nothing; when it was interrupted, the same key resumes it. Give the same input
   * again, in the same order; `batchSize` may differ. At most 512 bytes. @default none
   */
  readonly loadKey?: string | undefined;
  /**
   * How the source is read, where another form would give other records, for example `{ encoding: 'windows-1252' }`.
   * Names and values are yours. A load whose key belongs to a load with another form is an InvalidLoadError. Kept in the
   * history. @default none
   */
  readonly sourceForm?: Readonly<Record<string, string>> | undefined;
  /**
   * `loadBatch` and `storeBatch` with a load key only: loads one share of the input, so that several loaders do one load
   * together. Each shard gets the whole input and takes the records whose keys are its own; at most 1,000. Not with a replace,
   * nor inside a caller's transaction. @default the whole input
   */
  readonly shard?: Shard | undefined;
  /**
   * `off`: a merge, insert or update without a load key that goes well leaves no row in the history, which saves writes where
   * each call stores little. A load with rejected or failed records, an append, a replace and a load with a load key stay in it. Statistics
   * of the process count every load. @default the module's `history`
   */
  readonly history?: HistoryMode | undefined;
  /** A name for the history, for example the file's. */
  readonly source?: string | undefined;
  /**
   * Stops the load: the current batch is rolled back, and LoadInterruptedError is thrown. Its message names a batch with
   * an unknown commit outcome.
   */
  readonly signal?: AbortSignal | undefined;
  /** Called after each committed batch (in a replace: after each batch that was read), and at the end. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** Options of `load` that give back columns of each row. */
export interface ReturningOptions<K extends string> extends LoadOptions {
  /**
   * Properties whose stored values the load gives back of each row (generated ids, defaults): `load` in the `rows` of its
   * result, `loadBatch` to `onRows`. `[]` for the outcomes alone. Not with a replace.
   */
  readonly returning: readonly K[];
}

/** Options of `loadBatch` that tell what became of each record. */
export interface OnRowsOptions<E extends ObjectLiteral, K extends keyof E & string> extends LoadOptions {
  /** As in {@link ReturningOptions}. @default none */
  readonly returning?: readonly K[] | undefined;
  /**
   * Takes what became of each record, batch by batch in input order, after the batch is committed; inside a caller's
   * transaction after it is written. The load waits for it. When it throws, the load stops with LoadFailedError; what is
   * committed stays.
   */
  readonly onRows: (rows: readonly RowOutcome<E, K>[]) => unknown;
}

/** Options of a load that may tell what became of each record. */
export interface ReportingLoadOptions extends LoadOptions {
  readonly returning?: OnRowsOptions<ObjectLiteral, string>['returning'];
  readonly onRows?: OnRowsOptions<ObjectLiteral, string>['onRows'] | undefined;
}

/** Validated options. */
export interface ResolvedLoadOptions extends Omit<ReportingLoadOptions, 'primaryKey' | 'onReject' | 'history'> {
  readonly disposition: Disposition;
  readonly primaryKey: readonly string[] | undefined;
  readonly batchSize: number;
  readonly maxRejects: number;
  readonly allowEmpty: boolean;
  /** The load is in the history, whatever becomes of it. */
  readonly keepsHistory: boolean;
}

/** Every disposition. */
export const DISPOSITIONS: readonly Disposition[] = ['merge', 'insert', 'update', 'append', 'replace'];
/** Dispositions whose repetition writes nothing again. */
const REPEATABLE: ReadonlySet<Disposition> = new Set(['merge', 'insert', 'update']);
/** The largest batch size, in records. */
export const MAX_BATCH_SIZE = 100_000;
/** What a batch size must be. */
export const BATCH_SIZE = integerFrom(1, MAX_BATCH_SIZE);
/** An index of Postgres takes up to 2,704 bytes; a key is a name, not a document. */
const MAX_LOAD_KEY_BYTES = 512;
/** What a load key must be, for messages. */
export const LOAD_KEY_FORM = `a text of 1 to ${MAX_LOAD_KEY_BYTES} bytes without NUL or half a surrogate pair`;

/** The most shards that a load has. */
export const MAX_SHARDS = 1_000;

/** What the mode of the history must be. */
export const HISTORY_MODE: Check = ["'all' or 'off'", (value) => value === 'all' || value === 'off'];

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
/** The history keeps it. */
const isTextWithoutNul = (value: unknown): boolean => isText(value) && !(value as string).includes('\0');

const COLUMN_NAMES: Check = [
  'a list of column names',
  (value) => Array.isArray(value) && value.length > 0 && value.every(isText),
];

/** What each option must be, and how to check it. */
const CHECKS: Readonly<Record<keyof ReportingLoadOptions, Check>> = {
  disposition: [
    "'merge', 'insert', 'update', 'append' or 'replace'",
    (value) => DISPOSITIONS.some((known) => known === value),
  ],
  primaryKey: [
    'a column name or a list of them',
    (value) => isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
  ],
  newerBy: ['a column name', isText],
  updateColumns: COLUMN_NAMES,
  keepColumns: COLUMN_NAMES,
  deleteWhen: ['a field name without NUL', isTextWithoutNul],
  batchSize: BATCH_SIZE,
  onReject: ["'quarantine' or 'fail'", (value) => value === 'quarantine' || value === 'fail'],
  maxRejects: integerFrom(0),
  allowEmpty: ['true or false', (value) => typeof value === 'boolean'],
  syncSequences: ['true or false', (value) => typeof value === 'boolean'],
  loadKey: [LOAD_KEY_FORM, isLoadKey],
  sourceForm: ['an object of texts', isTexts],
  shard: [
    `{ index, count } with a count from 1 to ${MAX_SHARDS} and an index from 0 to count - 1`,
    (value) => isShard(value as Shard),
  ],
  history: HISTORY_MODE,
  source: ['a text without NUL', isTextWithoutNul],
  signal: ['an AbortSignal', (value) => value instanceof AbortSignal],
  returning: ['a list of property names', (value) => Array.isArray(value) && value.every(isText)],
  onRows: ['a function', (value) => typeof value === 'function'],
  onProgress: ['a function', (value) => typeof value === 'function'],
};

function isStorable(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0');
}

function isShard(value: Shard | null): boolean {
  const { index, count } = value ?? { index: -1, count: 0 };
  return [index, count].every(Number.isSafeInteger) && index >= 0 && index < count && count <= MAX_SHARDS;
}

function isTexts(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.entries(value).flat().every(isStorable);
}

/** @returns whether a value can be a load key */
export function isLoadKey(value: unknown): boolean {
  return isStorable(value) && value !== '' && Buffer.byteLength(value) <= MAX_LOAD_KEY_BYTES;
}

/**
 * Validates the options of a load and fills in the defaults; the only place that knows them.
 * @throws InvalidLoadError naming every mistake at once
 */
export function resolveLoadOptions(
  given: ReportingLoadOptions,
  defaultBatchSize: number,
  defaultHistory: HistoryMode = 'all',
): ResolvedLoadOptions {
  const options = takeOptions(given, CHECKS, 'a load');
  const mistakes = findMistakes(options, CHECKS, 'no option of a load');
  const disposition = options.disposition ?? 'merge';
  for (const name of ['newerBy', 'updateColumns', 'keepColumns', 'deleteWhen'] as const) {
    if (options[name] !== undefined && disposition !== 'merge' && disposition !== 'update') {
      mistakes.push(`${name} goes with disposition 'merge' or 'update', not '${disposition}'`);
    }
  }
  if (options.updateColumns !== undefined && options.keepColumns !== undefined) {
    mistakes.push('updateColumns and keepColumns say the same from two sides; give one of the two');
  }
  if (options.allowEmpty !== undefined && disposition !== 'replace') {
    mistakes.push(`allowEmpty goes with disposition 'replace', not '${disposition}'`);
  }
  if (options.onReject === 'fail' && options.maxRejects !== undefined) {
    mistakes.push("onReject: 'fail' already means maxRejects: 0; give one of the two");
  }
  const returning = options.returning ?? (options.onRows && []);
  if (returning !== undefined && disposition === 'replace') {
    mistakes.push("returning and onRows do not go with disposition 'replace'");
  }
  if (options.shard !== undefined && options.loadKey === undefined) {
    mistakes.push('shard needs a loadKey, the same for all shards of the load');
  }
  if (options.shard !== undefined && disposition === 'replace') {
    mistakes.push("shard does not go with disposition 'replace', which is one transaction: load without shards");
  }
  if (mistakes.length > 0) {
    throw new InvalidOptionError(`The options of the load are wrong: ${mistakes.join('; ')}`);
  }
  const { primaryKey, onReject, history = defaultHistory, ...rest } = options;
  return {
    ...rest,
    returning,
    disposition,
    primaryKey: typeof primaryKey === 'string' ? [primaryKey] : primaryKey,
    batchSize: options.batchSize ?? defaultBatchSize,
    maxRejects: onReject === 'fail' ? 0 : (options.maxRejects ?? (disposition === 'replace' ? 0 : Infinity)),
    allowEmpty: options.allowEmpty ?? false,
    keepsHistory: history === 'all' || !REPEATABLE.has(disposition) || options.loadKey !== undefined,
  };
}

/** @throws InvalidLoadError when this call cannot give the rows that the options ask for */
export function checkReporting(given: ReportingLoadOptions, call: 'load' | 'loadBatch'): void {
  const { returning, onRows } = given ?? {};
  if (call === 'load' && onRows !== undefined) {
    throw new InvalidLoadError('onRows goes with loadBatch. The result of load has all rows: set returning');
  }
  if (call === 'loadBatch' && returning !== undefined && onRows === undefined) {
    throw new InvalidLoadError('With returning, loadBatch needs onRows, which takes the rows of each batch');
  }
}

/**
 * Whether a load that has completed is in the history.
 * @param notLoaded - records that were rejected or have failed
 */
export function staysInHistory({ keepsHistory }: ResolvedLoadOptions, notLoaded: number): boolean {
  return keepsHistory || notLoaded > 0;
}

/**
 * The options that make loads with one load key different loads, beside table and disposition; null when none is set.
 * @param ofTables - the schema that the entity names; the tables of a combined load, and the key columns of each
 */
export function keptOptions(
  { primaryKey, newerBy, updateColumns, keepColumns, deleteWhen, sourceForm, shard }: ResolvedLoadOptions,
  ofTables: Pick<NonNullable<LoadEntity['options']>, 'schema' | 'tables' | 'primaryKeys'>,
): LoadEntity['options'] {
  const kept = {
    primaryKey,
    newerBy,
    updateColumns,
    keepColumns,
    deleteWhen,
    ...ofTables,
    sourceForm,
    shards: shard?.count,
  };
  return Object.values(kept).some((option) => option !== undefined) ? kept : null;
}
