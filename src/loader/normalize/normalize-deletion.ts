import { InvalidLoadError } from '../../errors/index.js';
import { unkept } from '../../quarantine/raw-record.js';
import type { Normalized } from '../model/load-job.js';
import type { Field, KeyColumn, LoadPlan, PlanColumn } from '../model/load-plan.js';
import { isAbsent } from '../model/row.js';
import { toBooleanText } from '../values/convert-value.js';
import { rejectedAt } from '../values/rejected-value.js';
import type { Source } from './fallback-fields.js';
import { normalizeRecord, rejectionOf } from './normalize-record.js';
import { checkSameValue, isPlainObject } from './row-draft.js';

/** How records of a load say that their row is deleted, and how such a record is read. */
export interface DeletionRule {
  /** The field, under each of its names. */
  readonly names: readonly string[];
  /** Undefined where the field is no column. */
  readonly column: PlanColumn | undefined;
  readonly key: readonly KeyColumn[];
  /** Knows no field but those of the key, and the one that tells which record is newer. */
  readonly plan: LoadPlan;
}

const IGNORED: Field = { kind: 'ignored' };

/**
 * The rule of the option `deleteWhen`.
 * @throws InvalidLoadError when the field cannot be true or false
 */
export function deletionRule(plan: LoadPlan, key: readonly KeyColumn[], name: string): DeletionRule {
  const field = plan.fields.get(name);
  const [names, column] = field?.kind === 'column' ? [field.column.names, field.column] : [[name], undefined];
  const isTold =
    field === undefined || field.kind === 'column' || field.kind === 'deletion' || field.kind === 'ignored';
  if (!isTold || key.some(({ index }) => index === column?.index)) {
    throw new InvalidLoadError(`deleteWhen: the field ${name} of ${plan.entityName} cannot say true or false`);
  }
  const isRead = (candidate: PlanColumn): boolean =>
    candidate.index === plan.newerBy?.index || key.some(({ index }) => index === candidate.index);
  return { names, column, key, plan: planOfColumns(plan, isRead) };
}

/** A plan by which only some columns are read of records. */
export function planOfColumns(plan: LoadPlan, isRead: (column: PlanColumn) => boolean): LoadPlan {
  return {
    ...plan,
    fields: new Map(Array.from(plan.fields, ([each, meaning]) => [each, readOnly(meaning, isRead)])),
    skipColumns: [],
    aliasedColumns: plan.aliasedColumns.filter(isRead),
    filledColumns: plan.filledColumns.filter(isRead),
    nullSensitiveColumns: [],
    check: undefined,
  };
}

/** The plan of records that carry a field which is no column, but says whether they delete their row. */
export function withDeletionField(plan: LoadPlan, name: string): LoadPlan {
  return plan.fields.has(name) ? plan : { ...plan, fields: new Map([...plan.fields, [name, { kind: 'deletion' }]]) };
}

/** What a field says of some columns. */
function readOnly(field: Field, isRead: (column: PlanColumn) => boolean): Field {
  switch (field.kind) {
    case 'column':
      return isRead(field.column) ? field : IGNORED;
    case 'relation':
      return field.columns.some(isRead) ? field : IGNORED;
    case 'embedded': {
      const fields = new Map(Array.from(field.fields, ([name, inner]) => [name, readOnly(inner, isRead)]));
      return [...fields.values()].some(({ kind }) => kind !== 'ignored') ? { ...field, fields } : IGNORED;
    }
    case 'fallback':
      return field;
    default:
      return IGNORED;
  }
}

/** The row of a record that deletes it; undefined for any other record. */
export function normalizeDeletion(rule: DeletionRule, record: unknown, textual: boolean): Normalized | undefined {
  if (!isPlainObject(record)) {
    return undefined;
  }
  try {
    if (!saysDeletion(rule, record, textual)) {
      return undefined;
    }
  } catch (error) {
    return { kind: 'rejection', rejection: rejectionOf(error) };
  }
  const normalized = normalizeRecord(rule.plan, rule.key, record, textual);
  return normalized.kind === 'row' ? { ...normalized, row: { ...normalized.row, deletes: true } } : normalized;
}

function saysDeletion({ names, column }: DeletionRule, record: Source, textual: boolean): boolean {
  let deletes = false;
  for (const name of names) {
    const value = Object.hasOwn(record, name) ? record[name] : undefined;
    if (isAbsent(value) || (textual && value === '')) {
      continue;
    }
    if (column !== undefined && name !== column.name) {
      checkSameValue(record, column, name, value);
    }
    try {
      deletes = toBooleanText(unkept(value), textual) === 'true';
    } catch (error) {
      throw rejectedAt(column?.name ?? name, error);
    }
  }
  return deletes;
}
