import type { SchemaDifference } from '../../errors/index.js';
import type { LoadJob } from '../model/load-job.js';
import type { LoadPlan, PlanColumn } from '../model/load-plan.js';

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
          altered?.name !== column.name || !(takesAll(altered, column) || areEnums(column, old, fresh)),
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

/** Whether a column stores every text that was made for another one as the other would, or rejects it. */
function takesAll(altered: PlanColumn, column: PlanColumn): boolean {
  if (altered.type !== column.type) {
    return false;
  }
  if (altered.fullType === column.fullType) {
    return true;
  }
  const [length, scale] = modifierOf(column);
  const [newLength, newScale] = modifierOf(altered);
  switch (column.type) {
    case 'character varying':
      return newLength >= length;
    case 'numeric':
      return newScale >= scale && (newLength === Infinity || newLength - newScale >= length - scale);
    default:
      return false;
  }
}

/** Length and scale of a type, `numeric(10,2)`; without limits they are infinite. */
function modifierOf({ fullType }: PlanColumn): readonly [number, number] {
  const digits = /\((\d+)(?:,(-?\d+))?\)/.exec(fullType);
  return digits === null ? [Infinity, Infinity] : [Number(digits[1]), Number(digits[2] ?? 0)];
}
