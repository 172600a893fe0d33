import { nameByDefinition } from '../../postgres/identifiers.js';
import { type TemporaryTable, temporaryTable } from '../../postgres/temporary-table.js';
import { MASK_COLUMN } from '../merge/merge-spec.js';
import type { LoadPlan } from '../model/load-plan.js';

/**
 * The staging table of a plan's batches. It has every column a batch may carry, because a transaction keeps a lock on
 * each table it ever made: the batches of one transaction share one. The name tells the definition, should the plan
 * change meanwhile.
 */
export function batchStaging({ columns, extra }: Pick<LoadPlan, 'columns' | 'extra'>): TemporaryTable {
  const definitions = [
    ...columns.map(({ quoted, type }) => `${quoted} ${type}`),
    ...(extra === undefined ? [] : [`${extra} jsonb`]),
    `${MASK_COLUMN} bit varying`,
  ];
  return temporaryTable(nameByDefinition('harbor_staging', definitions.join(', ')), definitions);
}
