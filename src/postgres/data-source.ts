import type { DataSource } from 'typeorm';

import { quoteTable } from './identifiers.js';

/** The schema a table without one of its own lies in, as TypeORM found it when it connected. */
export function defaultSchema(dataSource: DataSource): string {
  return dataSource.driver.schema ?? 'public';
}

/** The qualified name of an entity's table. */
export function quotedTableOf(dataSource: DataSource, entity: new () => object): string {
  const { schema, tableName } = dataSource.getMetadata(entity);
  return quoteTable(schema ?? defaultSchema(dataSource), tableName);
}

/** The bound a pool itself has on connecting and on waiting for a free connection, in milliseconds. */
export function connectTimeoutOf(dataSource: DataSource): number | undefined {
  const { connectTimeoutMS, extra } = dataSource.options as {
    connectTimeoutMS?: number;
    extra?: { connectionTimeoutMillis?: number };
  };
  const bound = extra?.connectionTimeoutMillis ?? connectTimeoutMS;
  // pg takes 0 as no bound.
  return bound === 0 ? undefined : bound;
}

/** How many connections the pool of a DataSource has; pg's own default where nothing was said. */
export function poolSizeOf(dataSource: DataSource): number {
  const { poolSize, extra } = dataSource.options as { poolSize?: number; extra?: { max?: number } };
  return extra?.max ?? poolSize ?? 10;
}
