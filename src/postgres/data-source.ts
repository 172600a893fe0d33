import type { PoolConfig } from 'pg';
import type { DataSource } from 'typeorm';

import { quoteTable } from './identifiers.js';
import { optionsOf, schemaOfConnection } from './typeorm-adapter.js';

/** The schema a table without one of its own lies in, as TypeORM found it when it connected. */
export function defaultSchema(dataSource: DataSource): string {
  return schemaOfConnection(dataSource) ?? 'public';
}

/** The qualified name of an entity's table. */
export function quotedTableOf(dataSource: DataSource, entity: new () => object): string {
  const { schema, tableName } = dataSource.getMetadata(entity);
  return quoteTable(schema ?? defaultSchema(dataSource), tableName);
}

/** The bound a pool itself has on connecting and on waiting for a free connection, in milliseconds. */
export function connectTimeoutOf(dataSource: DataSource): number | undefined {
  const { connectTimeoutMS, extra } = optionsOf(dataSource);
  const bound = (extra as PoolConfig | undefined)?.connectionTimeoutMillis ?? connectTimeoutMS;
  // pg takes 0 as no bound.
  return bound === 0 ? undefined : bound;
}

/** How many connections the pool of a DataSource has; pg's own default where nothing was said. */
export function poolSizeOf(dataSource: DataSource): number {
  const { poolSize, extra } = optionsOf(dataSource);
  return (extra as PoolConfig | undefined)?.max ?? poolSize ?? 10;
}
