import pg from 'pg';
import { type ColumnType, DataSource, EntitySchema } from 'typeorm';

import type { BenchTable } from '../../report/table.js';

/** An entity with exactly the compared columns: nothing is generated, so nothing is read back. */
export function entityOf({ name, key, columns }: BenchTable): EntitySchema<Record<string, unknown>> {
  return new EntitySchema<Record<string, unknown>>({
    name,
    tableName: name,
    columns: Object.fromEntries(
      columns.map((column) => [
        column.name,
        { type: column.type as ColumnType, primary: column.name === key, nullable: column.name !== key },
      ]),
    ),
  });
}

export async function connectTypeOrm(
  url: string,
  entities: readonly EntitySchema<Record<string, unknown>>[],
): Promise<DataSource> {
  return new DataSource({ type: 'postgres', driver: pg, url, entities: [...entities] }).initialize();
}
