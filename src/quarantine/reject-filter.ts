import { isId } from '../entities/is-id.js';
import { type Check, findMistakes, integerFrom } from '../errors/find-mistakes.js';
import { StorageError } from '../errors/index.js';

/** Selects rejected records that match all given criteria. */
export interface RejectFilter {
  /** The load that rejected them. */
  readonly loadId?: string | undefined;
  /** Their table, with or without its schema, `hybrid`, or the name of a combined load. */
  readonly table?: string | undefined;
  /** The rule or SQLSTATE that rejected them. */
  readonly reason?: string | undefined;
  /** Rejected at or after this time. */
  readonly since?: Date | undefined;
  /** Rejected before this time. */
  readonly until?: Date | undefined;
  /** `false`: still open; `true`: replayed; `'any'`: both. @default false; for a purge, `'any'` */
  readonly replayed?: boolean | 'any' | undefined;
}

/** Selects rejected records to list. */
export interface RejectListFilter extends RejectFilter {
  /** @default 50 */
  readonly limit?: number | undefined;
  /** Id of the last record of the previous page. */
  readonly after?: string | undefined;
  /** Includes the records themselves. @default false */
  readonly withRaw?: boolean | undefined;
}

const TEXT: Check = ['a text', (value) => typeof value === 'string' && value !== '' && !value.includes('\0')];
const ID: Check = ['an id, as in the list', isId];
const MOMENT: Check = ['a valid Date', (value) => value instanceof Date && !Number.isNaN(value.getTime())];

const CHECKS: Readonly<Record<keyof RejectFilter, Check>> = {
  loadId: ID,
  table: TEXT,
  reason: TEXT,
  since: MOMENT,
  until: MOMENT,
  replayed: ["true, false or 'any'", (value) => typeof value === 'boolean' || value === 'any'],
};

/** Checks of the list options too. */
export const LIST_CHECKS: Readonly<Record<keyof RejectListFilter, Check>> = {
  ...CHECKS,
  limit: integerFrom(1),
  after: ID,
  withRaw: ['true or false', (value) => typeof value === 'boolean'],
};

/** @throws StorageError `INVALID_FILTER` naming all mistakes */
export function checkFilter(filter: unknown, checks: Readonly<Record<string, Check>> = CHECKS): void {
  const mistakes = findMistakes(filter, checks, 'not a criterion');
  if (mistakes.length > 0) {
    throw new StorageError('INVALID_FILTER', `Invalid filter of rejected records: ${mistakes.join('; ')}`);
  }
}

/** Whether a filter excludes any record, apart from its defaults. */
export function isNarrowed(filter: RejectFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined && value !== 'any');
}

/**
 * The filter as an SQL condition on the quarantine table `r`.
 * @param parameters - receives the values
 * @param schema - SQL of the schema of a record's table
 */
export function conditionOf(filter: RejectFilter, parameters: unknown[], schema: string): string {
  const { loadId, table, reason, since, until, replayed = false } = filter;
  const bind = (value: unknown): string => `$${parameters.push(value)}`;
  const conditions = [
    loadId !== undefined && `r.load_id = ${bind(loadId)}::uuid`,
    table !== undefined && isOfTable(table, schema, bind),
    reason !== undefined && `r.reason = ${bind(reason)}`,
    since !== undefined && `r.created_at >= ${bind(since.toISOString())}::timestamptz`,
    until !== undefined && `r.created_at < ${bind(until.toISOString())}::timestamptz`,
    replayed === false && 'r.replayed_at IS NULL',
    replayed === true && 'r.replayed_at IS NOT NULL',
  ];
  return conditions.filter((condition) => condition !== false).join(' AND ') || 'true';
}

/** A table may be named with its schema: what stands behind any point may be its name. */
export function tableNamesOf(table: string): readonly string[] {
  const parts = table.split('.');
  return parts.map((_, from) => parts.slice(from).join('.'));
}

/** @param bind - takes a value, and returns its name in the statement */
function isOfTable(table: string, schema: string, bind: (value: unknown) => string): string {
  const names = tableNamesOf(table);
  const name = bind(table);
  if (names.length === 1) {
    return `r.table_name = ${name}`;
  }
  // The planner would take an OR for rarely true, and sort all records instead of reading the first in their order.
  return `r.table_name = ANY (${bind(names)}::text[])
    AND CASE WHEN r.table_name = ${name} THEN true ELSE ${schema} || '.' || r.table_name = ${name} END`;
}
