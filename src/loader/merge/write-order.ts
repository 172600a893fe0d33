import type { LoadJob, Target } from '../model/load-job.js';
import { hasLooseKey } from './identify-keys.js';

/**
 * Whether the batches of a load are written one after the other. Side by side, two batches share no key; but that is not
 * enough where only the database knows which keys are equal, where a row refers to a row of the load, and where a row
 * takes a unique value that another row of the load gives up. Nor where records share rows.
 */
export function isWrittenInOrder(job: LoadJob): boolean {
  return job.hasKeysApart || hasLooseKey(job) || refersToItself(job) || job.targets.some(hasOtherKey);
}

/** A foreign key of one of the tables refers to one of them. */
export function refersToItself({ targets }: Pick<LoadJob, 'targets'>): boolean {
  const tables = new Set(targets.map(({ plan }) => plan.quotedTable));
  return targets.some(({ plan }) => plan.live.references.some((table) => tables.has(table)));
}

/** A unique index or an exclusion constraint, also of a partition alone, under which rows with different keys may be in conflict. */
export function hasOtherKey({ plan, key }: Pick<Target, 'plan' | 'key'>): boolean {
  const { indexes, kind } = plan.live;
  const hasOther = indexes.some(({ isUnique, obstacle, comparisons }) => {
    const isCovered = (column: string): boolean =>
      comparisons.some(({ name, looseEquality }) => name === column && !looseEquality);
    const onlyWithinKey = key.length > 0 && obstacle !== 'overlaps' && key.every(({ name }) => isCovered(name));
    return (isUnique || obstacle === 'overlaps') && !onlyWithinKey;
  });
  return hasOther || kind.hasPartitionKeys;
}
