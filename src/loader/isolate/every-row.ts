import type { ClientBase } from 'pg';

import { type DatabaseFault, describeFault, PostgresError } from '../../postgres/faults/database-fault.js';
import { classifyFault, mayBeOfRow } from '../../postgres/faults/sqlstate.js';
import { rolledBack } from '../../postgres/with-transaction.js';
import type { Evidence } from '../model/evidence.js';
import { PART, PLACE } from './isolation-tables.js';

/**
 * How many records are tried alone before a fault counts as every row's. They are spread over the batch, one in each of
 * as many parts, at a place that moves by the golden ratio: where every fifth record is good, some of them are tried.
 */
const MAX_PROBES = 20;
const SHIFT = 0.618;

/** A fault that may be a row's, but no record passed that was tried alone: it stops the load, and nothing is rejected. */
export class EveryRowFault extends PostgresError {
  constructor(fault: DatabaseFault) {
    super({ ...fault, message: `${fault.message}. No record was rejected: none passed that was tried alone` });
  }
}

/**
 * Tells a fault of single rows from one that every row meets.
 * @param error - met by a row that was tried alone
 * @param evidence - whether the table has taken other records, as far as is known already
 * @param candidates - what else can be tried
 * @param passes - tries one of them alone, and rolls it back
 * @throws EveryRowFault when nothing shows that other rows pass
 */
export async function checkFollowsRows<T>(
  error: unknown,
  evidence: Pick<Evidence, 'hasTaken'>,
  candidates: readonly T[],
  passes: (candidate: T) => Promise<boolean>,
): Promise<void> {
  if (classifyFault(error) === 'row' || evidence.hasTaken) {
    return;
  }
  const count = Math.min(candidates.length, MAX_PROBES);
  for (let probe = 0; probe < count; probe += 1) {
    if (await passes(candidates[Math.floor(((probe + ((probe * SHIFT) % 1)) * candidates.length) / count)] as T)) {
      return;
    }
  }
  throw new EveryRowFault(describeFault(error));
}

/** The same choice for the isolation block: places and parts of records of a table, also of those folded into a unit. */
export function selectProbes(target: number, table: string): string {
  return `IF harbor_target = ${target} THEN
          SELECT array_agg(p.place ORDER BY p.n), array_agg(p.part ORDER BY p.n)
            INTO harbor_probe_places, harbor_probe_parts
            FROM (SELECT ${PLACE} AS place, ${PART} AS part, count(*) OVER () AS size,
                         row_number() OVER (ORDER BY ${PLACE}, ${PART}) - 1 AS n FROM ${table}) AS p
            JOIN generate_series(0, ${MAX_PROBES - 1}) AS probe(k)
              ON p.n = floor((probe.k + probe.k * ${SHIFT} % 1) * p.size / LEAST(p.size, ${MAX_PROBES}));
        END IF;`;
}

/** Does `work` and rolls it back; returns the error that may be a row's, if there was one. */
export async function tryOut(client: ClientBase, work: () => Promise<unknown>): Promise<unknown> {
  try {
    await rolledBack(client, work);
    return undefined;
  } catch (error) {
    if (!mayBeOfRow(error)) {
      throw error;
    }
    return error;
  }
}
