import { isId } from '../entities/is-id.js';
import { type Check, findMistakes, integerFrom } from '../errors/find-mistakes.js';
import { StorageError } from '../errors/index.js';

/** Which rejected records are meant: those that fit everything given. */
export interface RejectFilter {
  /** The load that rejected them. */
  readonly loadId?: string | undefined;
  /** The table they were meant for, or `hybrid`. */
  readonly table?: string | undefined;
  /** The rule or SQLSTATE they were rejected by. */
  readonly reason?: string | undefined;
  /** Rejected at this moment or later. */
  readonly since?: Date | undefined;
  /** Rejected before this moment. */
  readonly until?: Date | undefined;
  /** `false`: still open; `true`: replayed since; `'any'`: both. @default false; of a purge, `'any'` */
  readonly replayed?: boolean | 'any' | undefined;
}

/** Which rejected records to list. */
export interface RejectListFilter extends RejectFilter {
  /** @default 50 */
  readonly limit?: number | undefined;
  /** Goes on behind the record of this id, the last one of the page before. */
  readonly after?: string | undefined;
  /** Brings the records themselves as well. @default false */
  readonly withRaw?: boolean | undefined;
}

const TEXT: Check = ['a text', (value) => typeof value === 'string' && value !== '' && !value.includes('\0')];
const ID: Check = ['an id as it is listed', isId];
const MOMENT: Check = ['a valid Date', (value) => value instanceof Date && !Number.isNaN(value.getTime())];

const CHECKS: Readonly<Record<keyof RejectFilter, Check>> = {
  loadId: ID,
  table: TEXT,
  reason: TEXT,
  since: MOMENT,
  until: MOMENT,
  replayed: ["true, false or 'any'", (value) => typeof value === 'boolean' || value === 'any'],
};

/** What else a list takes. */
export const LIST_CHECKS: Readonly<Record<keyof RejectListFilter, Check>> = {
  ...CHECKS,
  limit: integerFrom(1),
  after: ID,
  withRaw: ['true or false', (value) => typeof value === 'boolean'],
};

/** @throws StorageError `INVALID_FILTER` naming every mistake at once */
export function checkFilter(filter: object, checks: Readonly<Record<string, Check>> = CHECKS): void {
  const mistakes = findMistakes(filter, checks, 'none of its names');
  if (mistakes.length > 0) {
    throw new StorageError('INVALID_FILTER', `The filter of rejected records is wrong: ${mistakes.join('; ')}`);
  }
}

/** Whether a filter leaves any record out, beside those its default leaves out. */
export function isNarrowed(filter: RejectFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined && value !== 'any');
}

/**
 * The filter as a condition on the quarantine table `r`.
 * @param parameters - takes the values
 */
export function conditionOf(filter: RejectFilter, parameters: unknown[]): string {
  const { loadId, table, reason, since, until, replayed = false } = filter;
  const bind = (value: unknown): string => `$${parameters.push(value)}`;
  const conditions = [
    loadId !== undefined && `r.load_id = ${bind(loadId)}::uuid`,
    table !== undefined && `r.table_name = ${bind(table)}`,
    reason !== undefined && `r.reason = ${bind(reason)}`,
    since !== undefined && `r.created_at >= ${bind(since.toISOString())}::timestamptz`,
    until !== undefined && `r.created_at < ${bind(until.toISOString())}::timestamptz`,
    replayed === false && 'r.replayed_at IS NULL',
    replayed === true && 'r.replayed_at IS NOT NULL',
  ];
  return conditions.filter((condition) => condition !== false).join(' AND ') || 'true';
}
