import type { EntityMetadata } from 'typeorm';

import { storageEntities } from '../../entities/index.js';
import type { SchemaDifference } from '../../errors/index.js';
import { quoteTable } from '../../postgres/identifiers.js';
import { compareColumns } from './compare-columns.js';
import { compareKeys } from './compare-keys.js';
import type { LiveTable } from '../table/live-table.js';

/** What brings the schema of this package up to date. */
export const MIGRATE_COMMAND = 'npx harbor-storage migrate up';

/** No migration is pending, and the table is not there. */
const RESTORE = `rename it back or restore it (${MIGRATE_COMMAND} makes it once only, and has)`;

const GENERATE_COMMAND =
  'npx typeorm migration:generate, review it, then migration:run, with the DataSource of this entity';

/**
 * How the live table differs from its entity.
 * @param schema - the table lies in
 * @param live - undefined where there is no such table
 */
export function compareTable(
  metadata: EntityMetadata,
  schema: string,
  live: LiveTable | undefined,
): readonly SchemaDifference[] {
  const table = metadata.tablePath;
  const ours = isOurs(metadata);
  if (live === undefined) {
    const actual = 'none (a view or a partitioned table does not count)';
    const fix = ours ? RESTORE : GENERATE_COMMAND;
    return [{ table, kind: 'table', expected: 'a table', actual, breaks: true, fix }];
  }
  const quoted = quoteTable(schema, metadata.tableName);
  const differences = [...compareColumns(metadata, live, quoted), ...compareKeys(metadata, live, quoted)];
  // The migrations of this package turn it on; of other tables nobody said so.
  if (ours && !live.rowSecurity) {
    differences.push({
      table,
      kind: 'row level security',
      expected: 'row level security',
      actual: 'off',
      breaks: false,
      fix: `ALTER TABLE ${quoted} ENABLE ROW LEVEL SECURITY`,
    });
  }
  return differences;
}

/** Whether the migrations of this package make the table. */
export function isOurs(metadata: EntityMetadata): boolean {
  return storageEntities.some((entity) => entity === metadata.target);
}
