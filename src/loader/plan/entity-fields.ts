import type { DataSource, EntityMetadata } from 'typeorm';

import type { ColumnMetadata } from '../../postgres/typeorm-adapter.js';
import { fieldRules, recordClassOf } from '../../records/record-decorators.js';
import { propertyOf, rolesOf } from '../../schema/table/entity-column.js';
import { classOf, metadataOf } from '../../schema/table/entity-metadata.js';
import type { Field, TakenColumn } from '../model/load-plan.js';
import { handOver } from '../read/take-record.js';
import type { LoadTarget } from './load-plans.js';
import { bothForms } from './plan-column.js';
import { recordFields } from './record-fields.js';

/**
 * Takes records for loads that begin later; see {@link handOver}.
 * @param deleteWhen - the option of these loads; the field may be no column, and inherited as any other
 * @throws InvalidLoadError from the function when the DataSource has no such entity
 */
export function takerFor(
  dataSource: DataSource,
  targets: readonly LoadTarget[],
  deleteWhen?: string,
): (record: object) => object {
  let fields: TakenFields[] | undefined;
  return (record) => {
    fields ??= targets.map((target) => withDeletion(entityFields(metadataOf(dataSource, target)), deleteWhen));
    return handOver(record, fields);
  };
}

/** Takes the parts of a record in the same way; one object may be a part for several tables. */
export function partsTaker(
  dataSource: DataSource,
  targets: readonly LoadTarget[],
): (parts: readonly (readonly unknown[])[]) => object[][] {
  let fields: TakenFields[] | undefined;
  return (parts) => {
    fields ??= targets.map((target) => entityFields(metadataOf(dataSource, target)));
    const known = fields;
    const taken = new Map<unknown, object>();
    return parts.map((own) =>
      own.map((part) => {
        const handed =
          taken.get(part) ??
          handOver(
            part,
            known.filter((_, index) => parts[index]?.includes(part)),
          );
        taken.set(part, handed);
        return handed;
      }),
    );
  };
}

type TakenFields = ReadonlyMap<string, Field<TakenColumn>>;

/**
 * What each key of a record stands for, by the entity alone: enough to take records before the live table is known.
 * @throws InvalidLoadError when one key means two columns
 */
function entityFields(metadata: EntityMetadata): TakenFields {
  const rules = fieldRules(recordClassOf(classOf(metadata)));
  const columns = metadata.columns.filter(({ isVirtualProperty }) => !isVirtualProperty);
  const taken = columns.map((column) => {
    const { aliases, fillsFrom } = rules.get(propertyOf(column)) ?? {};
    return { takesJson: isPlainJson(column), aliases: bothForms(aliases), fillsFrom: bothForms(fillsFrom) };
  });
  const fieldOf = taken.map((column, index): [string, Field<(typeof taken)[number]>] => [
    columns[index]?.databaseName ?? '',
    { kind: 'column', column },
  ]);
  return recordFields(metadata, taken, new Map(fieldOf));
}

function withDeletion(fields: TakenFields, name: string | undefined): TakenFields {
  return name === undefined || fields.has(name) ? fields : new Map([...fields, [name, { kind: 'deletion' }]]);
}

/** Of the extra column, a record brings fields to merge, not a value. */
function isPlainJson(column: ColumnMetadata): boolean {
  const { type, isArray, transformer } = column;
  return (
    (type === 'json' || type === 'jsonb') && !isArray && transformer === undefined && !rolesOf(column).has('extra')
  );
}
