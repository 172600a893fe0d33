import type { EntityMetadata } from 'typeorm';

import { enrichmentEntities } from '../../entities/enrichment/index.js';
import { storageEntities } from '../../entities/index.js';
import type { SchemaDifference } from '../../errors/index.js';
import { quoteTable } from '../../postgres/identifiers.js';
import { dataSourceOf } from '../../postgres/typeorm-adapter.js';
import { compareColumns } from './compare-columns.js';
import { compareDistribution } from './compare-distribution.js';
import { compareKeys } from './compare-keys.js';
import type { LiveTable } from '../table/live-table.js';
import { migrateCommand } from '../table/migrate-command.js';

const GENERATE_COMMAND =
  'npx typeorm migration:run with the DataSource of this entity; if no migration creates it, first npx typeorm ' +
  'migration:generate, and review what it writes';

/**
 * Differences between a live table and its entity.
 * @param schema - of the table
 * @param live - undefined if the table does not exist
 */
export function compareTable(
  metadata: EntityMetadata,
  schema: string,
  live: LiveTable | undefined,
): readonly SchemaDifference[] {
  const table = metadata.tablePath;
  const ours = isOurs(metadata);
  if (live === undefined) {
    const actual = 'none (a view does not count)';
    // It is missing although no migration is pending.
    const restore = `rename it back or restore it (${migrateCommand(dataSourceOf(metadata))} has already created it once)`;
    const fix = ours ? restore : GENERATE_COMMAND;
    return [{ table, kind: 'table', expected: 'a table', actual, breaks: true, fix }];
  }
  const quoted = quoteTable(schema, metadata.tableName);
  const differences = [compareColumns, compareKeys, compareDistribution].flatMap((compare) =>
    compare(metadata, live, quoted),
  );
  // The migrations of this package enable it; for other tables it is up to their owner.
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

/** Whether a migration of this package creates the table. */
export function isOurs(metadata: EntityMetadata): boolean {
  return [...storageEntities, ...enrichmentEntities].some((entity) => entity === metadata.target);
}
