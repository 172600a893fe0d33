import { Logger, type Type } from '@nestjs/common';
import pg from 'pg';
import { DataSource } from 'typeorm';

import { buildLoadPlan } from '../../../src/loader/plan/build-load-plan.js';
import type { LoadPlan } from '../../../src/loader/model/load-plan.js';
import { type Connected, LoadPlans } from '../../../src/loader/plan/load-plans.js';
import { valueTypeOf } from '../records/value-types.js';
import { baseTypeOf, fullTypeOf } from '../../../src/postgres/typeorm-adapter.js';
import { withClient } from '../../../src/postgres/with-client.js';
import type { LiveColumn, LiveIndex } from '../../../src/schema/table/live-table.js';

/** The plan of an entity on its live table. */
export async function livePlanOf(dataSource: DataSource, entity: Type<object>): Promise<LoadPlan> {
  const connected: Connected['ask'] = (work) => withClient(dataSource, work);
  const plans = await new LoadPlans(dataSource, new Logger()).for([entity], { ask: connected, read: connected });
  return plans[0] as LoadPlan;
}

/**
 * The plan of an entity on a table that is exactly what the entity says; no database is asked.
 * @param defaults - SQL of the columns' defaults; a default without counts as an identity
 */
export async function planOf(entity: Type<object>, defaults: Readonly<Record<string, string>> = {}): Promise<LoadPlan> {
  const dataSource = new DataSource({ type: 'postgres', driver: pg, entities: [entity] });
  await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  const metadata = dataSource.getMetadata(entity);
  const columns = metadata.columns.map((column): LiveColumn => {
    const array = column.isArray ? '[]' : '';
    const fullType = fullTypeOf(column);
    return {
      name: column.databaseName,
      type: baseTypeOf(column) + array,
      fullType,
      declaredType: fullType,
      isEnum: column.type === 'enum',
      valueType: valueTypeOf(fullType.toLowerCase().replace(/ array$/, '[]')),
      notNull: !column.isNullable,
      hasDefault: column.default !== undefined || column.isCreateDate || column.isUpdateDate || column.isGenerated,
      defaultExpression: defaults[column.databaseName],
      readOnly: column.generatedType !== undefined,
      domain: undefined,
      looseEquality: false,
    };
  });
  const keys = [
    metadata.primaryColumns,
    ...metadata.indices.filter(({ isUnique }) => isUnique).map((index) => index.columns),
  ];
  return buildLoadPlan(
    metadata,
    'public',
    {
      columns: new Map(columns.map((column) => [column.name, column])),
      indexes: keys.map((key, index): LiveIndex => {
        const names = key.map(({ databaseName }) => databaseName);
        return {
          name: `key_${index}`,
          definition: names.join(', '),
          columns: names,
          comparisons: names.map((name) => ({
            name,
            collation: null,
            isOwnCollation: true,
            looseEquality: false,
            equals: '=',
          })),
          dependsOn: names,
          isUnique: true,
          isPrimary: index === 0,
          isConstraint: true,
          isValid: true,
          predicate: null,
          nullsNotDistinct: false,
          obstacle: null,
        };
      }),
      checks: [],
      deferrable: [],
      references: [],
      rowSecurity: false,
      temporaryGrant: undefined,
      mayLock: true,
      kind: {
        partitionKey: null,
        children: [],
        rules: [],
        sequences: [],
        hasTriggers: false,
        hasPartitionKeys: false,
        distribution: null,
      },
    },
    '',
  );
}
