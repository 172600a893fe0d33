import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

import type { SchemaDifference } from '../errors/index.js';
import type { LiveColumn, LiveTable } from './live-table.js';

/** The differences that would break a load: nothing is written while there is one. */
export function findBreakingDifferences(metadata: EntityMetadata, live: LiveTable | undefined): SchemaDifference[] {
  const table = metadata.tablePath;
  if (live === undefined) {
    return [{ table, expected: 'a table', found: 'none (a view or a partitioned table does not count)' }];
  }
  const known = new Set(metadata.columns.map((column) => column.databaseName));
  const columns = metadata.columns.filter(({ isVirtualProperty }) => !isVirtualProperty);
  return [
    ...columns.flatMap((column) => compareColumn(table, column, live.columns.get(column.databaseName))),
    ...[...live.columns.values()]
      .filter((column) => !known.has(column.name) && column.notNull && !column.hasDefault && !column.readOnly)
      .map((column) => ({
        table,
        column: column.name,
        expected: 'no such column, or one that may be left out',
        found: `${column.fullType} NOT NULL without a default, which the entity does not know`,
      })),
  ];
}

function compareColumn(table: string, column: ColumnMetadata, live: LiveColumn | undefined): SchemaDifference[] {
  const place = { table, column: column.databaseName };
  const expected = expectedType(column);
  if (live === undefined) {
    return [{ ...place, expected, found: 'no such column' }];
  }
  if (!sameType(expected, live)) {
    return [{ ...place, expected, found: live.fullType }];
  }
  if (column.isNullable && live.notNull && !live.hasDefault) {
    return [{ ...place, expected: `${expected} that takes null`, found: `${live.fullType} NOT NULL` }];
  }
  return [];
}

function expectedType(column: ColumnMetadata): string {
  const { driver } = column.entityMetadata.dataSource;
  return driver.normalizeType(column) + (column.isArray ? '[]' : '');
}

function sameType(expected: string, live: LiveColumn): boolean {
  const element = expected.replace('[]', '');
  if (element === 'enum' || element === 'simple-enum') {
    return live.isEnum || live.type.endsWith('[]');
  }
  return normalise(live.type) === normalise(expected);
}

/** Types outside the search_path carry their schema; fixed-length types have an internal name. */
function normalise(type: string): string {
  const name = type.slice(type.lastIndexOf('.') + 1).replaceAll('"', '');
  return name === 'bpchar' ? 'character' : name;
}
