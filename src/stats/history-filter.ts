import type { LoadStatus } from '../entities/index.js';
import { type Check, findMistakes, integerFrom } from '../errors/find-mistakes.js';
import { StorageError } from '../errors/index.js';

/** Selects past loads that match all given criteria; newest first. */
export interface HistoryFilter {
  /** Table name, `hybrid`, or the name of a combined load. */
  readonly table?: string | undefined;
  readonly status?: LoadStatus | undefined;
  readonly source?: string | undefined;
  readonly loadKey?: string | undefined;
  /** Started at or after this time. */
  readonly startedFrom?: Date | undefined;
  /** Started before this time. */
  readonly startedUntil?: Date | undefined;
  /** @default 50 */
  readonly limit?: number | undefined;
  /** Id of the last load of the previous page. */
  readonly after?: string | undefined;
  /** Id of the first load of the next page: the loads just before it. Not together with `after`. */
  readonly before?: string | undefined;
}

const TEXT: Check = ['a text without NUL', (value) => typeof value === 'string' && !value.includes('\0')];
const MOMENT: Check = ['a valid Date', (value) => value instanceof Date && !Number.isNaN(value.getTime())];

const CHECKS: Readonly<Record<keyof HistoryFilter, Check>> = {
  table: TEXT,
  status: TEXT,
  source: TEXT,
  loadKey: TEXT,
  startedFrom: MOMENT,
  startedUntil: MOMENT,
  limit: integerFrom(0),
  after: TEXT,
  before: TEXT,
};

/** @throws StorageError `INVALID_FILTER` naming all mistakes */
export function checkHistoryFilter(filter: HistoryFilter): void {
  const mistakes = findMistakes(filter, CHECKS, 'not a criterion');
  if (filter?.after !== undefined && filter.before !== undefined) {
    mistakes.push('after and before exclude each other');
  }
  if (mistakes.length > 0) {
    throw new StorageError('INVALID_FILTER', `Invalid filter of the history: ${mistakes.join('; ')}`);
  }
}

/**
 * The filter as an SQL condition on the history.
 * @param parameters - receives the values
 * @param loads - quoted name of `storage_loads`
 */
export function conditionOf(filter: HistoryFilter, parameters: unknown[], loads: string): string {
  const { table, status, source, loadKey, startedFrom, startedUntil, after, before } = filter;
  const bind = (value: unknown): string => `$${parameters.push(value)}`;
  const conditions = [
    table !== undefined && `table_name = ${bind(table)}`,
    status !== undefined && `status = ${bind(status)}`,
    source !== undefined && `source = ${bind(source)}`,
    loadKey !== undefined && `load_key = ${bind(loadKey)}`,
    startedFrom !== undefined && `started_at >= ${bind(startedFrom.toISOString())}::timestamptz`,
    startedUntil !== undefined && `started_at < ${bind(startedUntil.toISOString())}::timestamptz`,
    after !== undefined && isBeside(bind(after), '<', '>', loads),
    before !== undefined && isBeside(bind(before), '>', '<', loads),
  ];
  return conditions.filter((condition) => condition !== false).join(' AND ') || 'true';
}

/** The time is compared apart from the id, and with a subquery, so that an index gives the loads from there on in their order. */
function isBeside(id: string, time: '<' | '>', tie: '<' | '>', loads: string): string {
  const start = `(SELECT started_at FROM ${loads} WHERE id = ${id}::uuid)`;
  return `started_at ${time}= ${start} AND (started_at ${time} ${start} OR id ${tie} ${id}::uuid)`;
}
