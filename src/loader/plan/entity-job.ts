import type { UnknownFields } from '../../entities/index.js';
import { InvalidLoadError, InvalidOptionError, StorageError } from '../../errors/index.js';
import { nearestName } from '../../errors/nearest-name.js';
import type { LoadJob, Prepared, Target } from '../model/load-job.js';
import type { ResolvedLoadOptions } from '../model/load-options.js';
import type { Field, KeyColumn, LoadPlan, UniqueKey } from '../model/load-plan.js';
import { isOfKey } from '../merge/same-key.js';
import { captureField, type Row } from '../model/row.js';
import { deletionRule, normalizeDeletion, withDeletionField } from '../normalize/normalize-deletion.js';
import { normalizeRecord, rejectionOf } from '../normalize/normalize-record.js';
import { checkDistribution } from '../distributed/check-distribution.js';
import { resolveKey } from './resolve-key.js';
import { returnedColumns } from './returned-columns.js';
import { withUpdatedColumns } from './updated-columns.js';

/**
 * The target of a plan under the options of a load.
 * @throws InvalidLoadError when the entity has no such key or column
 * @throws StorageError `TEMPORARY_TABLES_DENIED` when a replace, or a load of a distributed table, may not stage its input
 */
export function targetOf(entityPlan: LoadPlan, options: ResolvedLoadOptions): Target {
  if (options.disposition === 'replace' && entityPlan.live.temporaryGrant !== undefined) {
    throw new StorageError(
      'TEMPORARY_TABLES_DENIED',
      `${entityPlan.entityName}: a replace stages its input in a temporary table, which the role may not create. ` +
        `To fix: ${entityPlan.live.temporaryGrant}`,
    );
  }
  const { columns: key, predicate: keyPredicate } = keyOf(entityPlan, options);
  checkDistribution(entityPlan, key);
  const updating = withUpdatedColumns(passOverIdentities(entityPlan, key), options);
  const plan = options.deleteWhen === undefined ? updating : withDeletionField(updating, options.deleteWhen);
  const onConflict = onConflictOf(options);
  const returned = options.returning && returnedColumns(plan, key, options.returning);
  if (options.newerBy === undefined) {
    return { plan, key, keyPredicate, onConflict, returned };
  }
  const field = plan.fields.get(options.newerBy);
  if (field?.kind !== 'column') {
    const columns = [...plan.fields].flatMap(([name, { kind }]) => (kind === 'column' ? [name] : []));
    const nearest = nearestName(options.newerBy, columns);
    const advice = nearest === undefined ? '' : `. Did you mean ${nearest}?`;
    throw new InvalidOptionError(`newerBy: ${plan.entityName} has no column ${options.newerBy}${advice}`);
  }
  return { plan: { ...plan, newerBy: field.column }, key, keyPredicate, onConflict, returned };
}

/** A replace merges into its staging table, where a row may meet an earlier one of the same load. */
function onConflictOf({ disposition }: ResolvedLoadOptions): Target['onConflict'] {
  return disposition === 'append' ? 'insert' : disposition === 'update' ? 'update' : 'merge';
}

function keyOf(
  plan: LoadPlan,
  { disposition, primaryKey }: ResolvedLoadOptions,
): Pick<UniqueKey, 'columns' | 'predicate'> {
  const names = primaryKey ?? plan.primaryKey.map(({ name }) => name);
  if (disposition === 'append' && (primaryKey === undefined || names.length === 0)) {
    // An append meets no row, so its key need not be unique.
    return { columns: plan.primaryKey, predicate: undefined };
  }
  if (names.length === 0) {
    throw new InvalidLoadError(
      `${plan.entityName} has no primary key that records carry, and ${disposition} needs a unique key: ` +
        "set primaryKey, or use disposition 'append'",
    );
  }
  const key = resolveKey(plan, names);
  if (disposition === 'replace' && key.predicate !== undefined) {
    throw new InvalidLoadError(
      `${plan.entityName}: a replace needs a key of all rows, and the index ${key.name} is partial. ` +
        'Set primaryKey to another unique key.',
    );
  }
  return key;
}

/** Columns GENERATED ALWAYS AS IDENTITY are the database's, unless a load finds its rows by them. */
function passOverIdentities(plan: LoadPlan, key: readonly KeyColumn[]): LoadPlan {
  const passedOver = plan.columns.filter((column) => column.alwaysGenerated && !isOfKey(key, column));
  if (passedOver.length === 0) {
    return plan;
  }
  const fields = Array.from(plan.fields, ([name, field]): [string, Field] =>
    field.kind === 'column' && passedOver.includes(field.column) ? [name, { kind: 'ignored' }] : [name, field],
  );
  return { ...plan, fields: new Map(fields) };
}

/** The key that a record of this load must carry; in an append the database may make it. */
export function requiredKey(target: Target, options: ResolvedLoadOptions): readonly KeyColumn[] | undefined {
  const { key } = target;
  return options.disposition === 'append' && key.every((column) => column.hasDefault) ? undefined : key;
}

/** The load of records into one entity's table. */
export function entityJob(entityPlan: LoadPlan, options: ResolvedLoadOptions, unknownFields: UnknownFields): LoadJob {
  const target = targetOf(entityPlan, options);
  const { plan } = target;
  const key = requiredKey(target, options);
  const policy = effectivePolicy(plan, unknownFields);
  const deletion = options.deleteWhen === undefined ? undefined : deletionRule(plan, target.key, options.deleteWhen);
  return {
    name: plan.table,
    targets: [target],
    options,
    unknownFields: policy,
    hasKeysApart: false,
    deletionNames: deletion?.names,
    prepare(record, textual) {
      const deleting = deletion && normalizeDeletion(deletion, record, textual);
      if (deleting !== undefined) {
        return deleting.kind === 'row' ? { kind: 'rows', rows: [deleting.row], unknown: [] } : deleting;
      }
      const normalized = normalizeRecord(plan, key, record, textual);
      if (normalized.kind !== 'row') {
        return normalized;
      }
      const prepared = applyPolicy(normalized.row, normalized.unknown, policy, plan.extraName);
      return isEmpty(normalized.row, target.key) && prepared.kind === 'rows' ? NO_VALUES : prepared;
    },
  };
}

/** A row of defaults only is most likely a mistake. */
const NO_VALUES: Prepared = {
  kind: 'rejection',
  rejection: { rule: 'empty_record', message: 'the record carries no value' },
};

function isEmpty({ values, extra }: Row, key: readonly KeyColumn[]): boolean {
  const hasNullKey = key.some(({ index, nullIsKey }) => nullIsKey && values[index] === null);
  return !hasNullKey && extra === undefined && values.every((value) => value === undefined || value === null);
}

/**
 * The entity's own policy, or that of the module. An entity without an extra column cannot capture, so it rejects
 * rather than loses a field.
 */
export function effectivePolicy(plan: LoadPlan, ofModule: UnknownFields): UnknownFields {
  const unknownFields = plan.unknownFields ?? ofModule;
  return unknownFields === 'capture' && plan.extra === undefined ? 'reject' : unknownFields;
}

/** Applies the policy to fields without a column. */
export function applyPolicy(
  row: Row,
  unknown: ReadonlyMap<string, unknown>,
  policy: UnknownFields,
  extraColumn: string | undefined,
): Prepared {
  if (unknown.size === 0 || policy === 'discard') {
    return { kind: 'rows', rows: [row], unknown: unknown.keys() };
  }
  if (policy === 'reject') {
    const names = [...unknown.keys()].map((name) => JSON.stringify(name.slice(0, 80)));
    const message = `no column takes ${names.slice(0, 5).join(', ')}${names.length > 5 ? ' and more' : ''}`;
    return { kind: 'rejection', rejection: { rule: 'unknown_field', message } };
  }
  try {
    unknown.forEach((value, name) => captureField(row, name, value, extraColumn));
    return { kind: 'rows', rows: [row], unknown: unknown.keys() };
  } catch (error) {
    return { kind: 'rejection', rejection: rejectionOf(error) };
  }
}
