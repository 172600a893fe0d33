import { GROUP_COLUMN, type RowGroup } from './group-rows.js';
import type { LoadPlan, PlanColumn } from './load-plan.js';
import { buildInsert } from './merge-statement.js';

/**
 * The statement that goes before those of several groups: it inserts the new rows of all groups, and locks the stored
 * ones without writing them, in the byte order of the keys. The groups by themselves would take their locks group
 * after group, and two loads with overlapping keys would meet crosswise and deadlock.
 * @returns undefined when there is one group, which is in order anyway, or when nothing can be locked row by row: a
 * replace holds the whole table, and the next value of an identity cannot be written into a SELECT
 */
export function buildFirstInsert(
  plan: LoadPlan,
  groups: readonly RowGroup[],
  source: string,
  loadIdParameter: string,
): string | undefined {
  const spec = groups[0]?.spec;
  if (spec === undefined || groups.length === 1 || spec.onConflict === 'overwrite') {
    return undefined;
  }
  const columns = plan.columns.filter((column) => groups.some((group) => takes(group, column)));
  const mixed = columns.filter((column) => !groups.every((group) => carries(group, column)));
  if (mixed.some((column) => column.hasDefault && column.defaultExpression === undefined)) {
    return undefined;
  }
  const values = columns.map((column) => ({
    name: column.quoted,
    value: mixed.includes(column) ? valueByGroup(groups, column) : `s.${column.quoted}::${column.type}`,
  }));
  const target = spec.key.map(({ quoted }) => quoted).join(', ');
  const [first] = spec.key;
  return buildInsert(plan, {
    key: spec.key.filter((column) => columns.includes(column)),
    values,
    hasExtra: groups.some((group) => group.spec.hasExtra),
    looksUpStored: groups.some((group) => group.spec.required.length > 0),
    source,
    loadIdParameter,
    // WHERE false writes nothing, and yet the row is locked.
    conflict:
      spec.onConflict === 'insert' || first === undefined
        ? ''
        : `\n  ON CONFLICT (${target}) DO UPDATE SET ${first.quoted} = EXCLUDED.${first.quoted} WHERE false`,
  });
}

function carries({ spec }: RowGroup, column: PlanColumn): boolean {
  return spec.columns.some((carried) => carried.column === column);
}

function takes(group: RowGroup, column: PlanColumn): boolean {
  return carries(group, column) || group.spec.required.includes(column);
}

function valueByGroup(groups: readonly RowGroup[], column: PlanColumn): string {
  const numbers = (which: (group: RowGroup) => boolean): string =>
    groups.flatMap((group, number) => (which(group) ? [number] : [])).join(', ');
  const carrying = numbers((group) => carries(group, column));
  const required = numbers(({ spec }) => spec.required.includes(column));
  const branches = [
    carrying === '' ? '' : ` WHEN s.${GROUP_COLUMN} IN (${carrying}) THEN s.${column.quoted}::${column.type}`,
    required === '' ? '' : ` WHEN s.${GROUP_COLUMN} IN (${required}) THEN stored.${column.quoted}`,
  ];
  return `CASE${branches.join('')} ELSE ${column.defaultExpression ?? 'NULL'} END`;
}
