import type { PoolConfig } from 'pg';
import type { DataSource } from 'typeorm';

import { quoteTable } from './identifiers.js';
import { optionsOf, type PostgresDataSourceOptions, schemaOfConnection } from './typeorm-adapter.js';

/** Schema of tables without an explicit schema, as TypeORM read it when it connected. */
export function defaultSchema(dataSource: DataSource): string {
  return schemaOfConnection(dataSource) ?? 'public';
}

/** Qualified name of an entity's table. */
export function quotedTableOf(dataSource: DataSource, entity: new () => object): string {
  const { schema, tableName } = dataSource.getMetadata(entity);
  return quoteTable(schema ?? defaultSchema(dataSource), tableName);
}

/** The pool's own timeout for connecting and for waiting for a free connection, in milliseconds. */
export function connectTimeoutOf(dataSource: DataSource): number | undefined {
  const { connectTimeoutMS, extra } = optionsOf(dataSource);
  const bound = (extra as PoolConfig | undefined)?.connectionTimeoutMillis ?? connectTimeoutMS;
  // pg treats 0 as no timeout.
  return bound === 0 ? undefined : bound;
}

/** Of the `replication` option, the part without replicas: TypeORM would read from them, and they lag behind. */
export function onPrimary({
  replication,
}: Pick<PostgresDataSourceOptions, 'replication'>): Pick<PostgresDataSourceOptions, 'replication'> {
  return replication ? { replication: { ...replication, slaves: [], defaultMode: 'master' } } : {};
}

/** Pool size of a DataSource; pg's default if not set. */
export function poolSizeOf(dataSource: DataSource): number {
  const { poolSize, extra } = optionsOf(dataSource);
  return (extra as PoolConfig | undefined)?.max ?? poolSize ?? 10;
}
