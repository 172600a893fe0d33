import type { SchemaDifference } from '../../errors/index.js';
import type { LoadJob } from '../model/load-job.js';
import type { LoadPlan, PlanColumn } from '../model/load-plan.js';
import { isAsWide } from '../../schema/compare/wider-types.js';

const LOAD_AGAIN =
  'run the load again: it goes by the table as it is now, and with the same load key it resumes after the committed batches';

/** The tables of a job that were altered between two of its plans. */
export function findAltered(before: LoadJob, now: LoadJob): SchemaDifference[] {
  return now.targets
    .filter(({ plan }, index) => plan.fingerprint !== before.targets[index]?.plan.fingerprint)
    .map(({ plan }) => ({
      table: plan.table,
      kind: 'table',
      expected: 'the definition that the load began with',
      actual: 'altered while the load ran',
      breaks: true,
      fix: LOAD_AGAIN,
    }));
}

/** The columns whose new type might change, or not take, values made for the old one. */
export function findUnsafeChanges(before: LoadJob, now: LoadJob): SchemaDifference[] {
  return before.targets.flatMap(({ plan: old }, index) => {
    const fresh = now.targets[index]?.plan as LoadPlan;
    return old.columns
      .map((column) => ({ column, altered: fresh.columns[column.index] }))
      .filter(
        ({ column, altered }) =>
          altered?.name !== column.name ||
          !(isAsWide(altered.fullType, column.fullType) || areEnums(column, old, fresh)),
      )
      .map(({ column: { name, fullType }, altered }) => ({
        table: fresh.table,
        column: name,
        kind: 'type',
        expected: fullType,
        actual: `${altered?.name === name ? altered.fullType : 'no such column that records fill'}, altered while the load ran`,
        breaks: true,
        fix: LOAD_AGAIN,
      }));
  });
}

/** An enum takes a text as it is, or rejects it. */
function areEnums({ name }: PlanColumn, ...plans: readonly LoadPlan[]): boolean {
  return plans.every(({ live }) => live.columns.get(name)?.isEnum === true);
}
