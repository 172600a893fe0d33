import type { LoadPlan } from '../model/load-plan.js';
import type { MergeSpec } from './merge-spec.js';

/**
 * Whether a merge may be told to update at once: only where rows are updated in the order of their keys. The one plan that
 * keeps it looks rows up by the index of the key; `BY_INDEX` lets the planner take no other.
 */
export function mayUpdateAtOnce({ live: { kind } }: LoadPlan, spec: MergeSpec): boolean {
  return (
    spec.onConflict !== 'delete' &&
    !spec.inInputOrder &&
    spec.keyPredicate === undefined &&
    spec.nullSets.length === 1 &&
    // Tables that inherit have no such index. Triggers keep the plans of their statements.
    kind.children.length === 0 &&
    !kind.hasTriggers
  );
}
