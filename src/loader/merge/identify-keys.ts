import type { ClientBase } from 'pg';

import { classifyFault } from '../../postgres/sqlstate.js';
import { withSavepoint } from '../../postgres/with-transaction.js';
import type { LoadJob } from '../model/load-job.js';
import { keyValuesOf, type LoadUnit } from '../model/load-unit.js';

/** Whether two different texts may be one key to Postgres: 1 and 1.0, one moment in two zones, a case-blind collation. */
export function hasLooseKey(job: LoadJob): boolean {
  return job.targets.some(({ key }) => key.some(({ looseAsKey }) => looseAsKey));
}

/**
 * Gives units one key where Postgres finds their keys equal. Does not ask the database for keys that are equal exactly
 * when their texts are.
 */
export async function identifyKeys(
  client: ClientBase,
  job: LoadJob,
  units: readonly LoadUnit[],
): Promise<readonly LoadUnit[]> {
  const [target] = job.targets;
  if (target === undefined || !hasLooseKey(job) || units.length < 2) {
    return units;
  }
  const keys = units.map((unit) => keyValuesOf(job, unit.rows));
  const names = target.key.map(({ quoted }) => quoted);
  const expressions = target.key.map(
    ({ quoted, type, collation }) => `s.${quoted}::${type}${collation === undefined ? '' : ` COLLATE ${collation}`}`,
  );
  const arrays = names.map((_, index) => `$${index + 1}::text[]`);
  const query = `SELECT min(s.n) OVER (PARTITION BY ${expressions.join(', ')})::integer AS same
    FROM unnest(${arrays.join(', ')}) WITH ORDINALITY AS s(${names.join(', ')}, n) ORDER BY s.n`;
  const parameters = names.map((_, index) => keys.map((key) => key?.[index] ?? null));
  try {
    const { rows } = await withSavepoint(client, () => client.query<{ same: number }>(query, parameters));
    return units.map((unit, index) => (keys[index] === undefined ? unit : { ...unit, key: String(rows[index]?.same) }));
  } catch (error) {
    if (classifyFault(error) !== 'row') {
      throw error;
    }
    // One of the keys is invalid; its row is found and rejected when the rows are written.
    return units;
  }
}
