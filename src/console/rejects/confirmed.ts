import type { StorageOperations } from '../../operations/storage-operations.js';
import { PageError } from '../http/page-error.js';
import { filterOf, readRejectQuery, type RejectQuery } from './reject-query.js';

/**
 * The filter with its end frozen at this moment of the database, and the exact number of records it matches. What is rejected
 * later is not taken.
 */
export async function freeze(
  operations: StorageOperations,
  query: RejectQuery,
): Promise<{ readonly query: RejectQuery; readonly records: number }> {
  const now = await operations.now();
  const frozen = { ...query, to: query.to !== undefined && query.to < now ? query.to : now };
  return { query: frozen, records: await operations.countRejects(filterOf(frozen)) };
}

/**
 * The filter of a form that a preview has made.
 * @param others - further fields of the form
 * @throws PageError 409 when the filter now matches another number of records than the preview has shown
 */
export async function confirmed(
  operations: StorageOperations,
  form: URLSearchParams,
  others: readonly string[] = [],
): Promise<{ readonly query: RejectQuery; readonly records: number }> {
  const query = readRejectQuery(form, ['records', ...others]);
  const given = form.get('records') ?? '';
  if (query.to === undefined || !/^\d{1,15}$/.test(given)) {
    throw new PageError(400, 'The form is not complete: open the preview again.');
  }
  const records = await operations.countRejects(filterOf(query));
  if (records !== Number(given)) {
    throw new PageError(
      409,
      `Nothing was done: the preview showed ${given} records, and the filter now matches ${records}. Open the preview again.`,
    );
  }
  return { query, records };
}
