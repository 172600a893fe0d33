import { isNarrowed, type RejectFilter } from '../../quarantine/reject-filter.js';
import { choice, id, moment, readQuery } from '../http/query.js';

/** Which records: `open`, `replayed`, or `any`. */
export type RejectState = 'open' | 'replayed' | 'any';

/** A filter of rejected records, as a URL and a form have it. */
export interface RejectQuery extends Omit<RejectFilter, 'replayed' | 'since' | 'until'> {
  /** Rejected at or after this time. */
  readonly from: Date | undefined;
  /** Rejected before this time. */
  readonly to: Date | undefined;
  readonly state: RejectState;
}

const REPLAYED = { open: false, replayed: true, any: 'any' } as const;
const STATES = ['open', 'replayed', 'any'] as const;
const NAMES = ['table', 'reason', 'loadId', 'from', 'to', 'state'] as const;

/**
 * Reads a filter. Empty fields of a form are no criteria.
 * @param others - names that the page reads itself
 * @throws PageError 400 naming what is wrong
 */
export function readRejectQuery(parameters: URLSearchParams, others: readonly string[] = []): RejectQuery {
  const { table, reason, loadId, from, to, state }: Partial<Record<string, string>> = readQuery(parameters, [
    ...NAMES,
    ...others,
  ]);
  return {
    table,
    reason,
    loadId: id('load', loadId),
    from: moment('from', from),
    to: moment('to', to),
    state: choice('state', state, STATES) ?? 'open',
  };
}

export function filterOf({ state, from, to, ...query }: RejectQuery): RejectFilter {
  return { ...query, since: from, until: to, replayed: REPLAYED[state] };
}

/** Whether the user has chosen anything but open or all records. */
export function isChosen(query: RejectQuery): boolean {
  return isNarrowed({ ...filterOf(query), replayed: query.state === 'replayed' ? true : undefined });
}

/** The criteria as fields of a form, by name. */
export function fieldsOf({ state, from, to, ...query }: RejectQuery): [name: string, value: string][] {
  const fields = { ...query, from: from?.toISOString(), to: to?.toISOString(), state };
  return Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined);
}

/** The criteria as parameters of a link. */
export function parametersOf(query: RejectQuery): Record<string, string> {
  return Object.fromEntries(fieldsOf(query).filter(([name, value]) => name !== 'state' || value !== 'open'));
}

/** The filter for people; names as JSON texts, so that one cannot forge a line of a log. */
export function inWords({ table, reason, loadId, from, to, state }: RejectQuery): string {
  const which = { open: 'open', replayed: 'replayed', any: 'open or replayed' }[state];
  const criteria = [
    table !== undefined && `of table ${JSON.stringify(table)}`,
    reason !== undefined && `with reason ${JSON.stringify(reason)}`,
    loadId !== undefined && `of load ${loadId}`,
    from !== undefined && `rejected at or after ${from.toISOString()}`,
    to !== undefined && `rejected before ${to.toISOString()}`,
  ];
  return [which, ...criteria.filter((criterion) => criterion !== false)].join(', ');
}
