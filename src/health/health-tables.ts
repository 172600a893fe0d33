import type { DataSource } from 'typeorm';

import { pathOf, schemaOf, statisticsNameOf } from '../schema/table/entity-metadata.js';

/** Other names of a table. */
interface TableNames {
  /** In the history of loads. */
  readonly inHistory: string;
  /** In differences of the schema. */
  readonly inDifferences: string;
}

/** The tables of a DataSource by the names that options may give them: with a schema, and without one where that is clear. */
export function tablesByName(dataSource: DataSource): ReadonlyMap<string, TableNames> {
  const tables = dataSource.entityMetadatas.filter(({ tableType }) => tableType === 'regular');
  return new Map(
    tables.flatMap((metadata) => {
      const inHistory = statisticsNameOf(dataSource, metadata.tableName, schemaOf(metadata));
      const names = { inHistory, inDifferences: metadata.tablePath };
      return [inHistory, pathOf(metadata)].map((name) => [name, names] as const);
    }),
  );
}
