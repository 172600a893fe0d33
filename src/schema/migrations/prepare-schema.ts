import type { DataSource } from 'typeorm';

import { SchemaMismatchError } from '../../errors/index.js';
import { optionsOf } from '../../postgres/typeorm-adapter.js';
import { withClient } from '../../postgres/with-client.js';
import { hasEnrichment } from '../table/has-enrichment.js';
import { migrateCommand } from '../table/migrate-command.js';
import { findUndistributed } from './distribute-tables.js';
import { distributeAll, migrateUp, type MigrationStatus, migrationStatus } from './migrations.js';
import { isRecordedByApplication, leaveMigrationsAlone } from './pending-migrations.js';
import { MIGRATIONS_TABLE } from './storage-data-source.js';

/**
 * Ensures that the migrations of this package are applied.
 * @param mode - `run` applies pending migrations, `check` only checks, `off` does neither
 * @param distributed - also that the tables are distributed
 * @throws SchemaMismatchError naming pending migrations, or tables, and the command that applies them
 */
export async function prepareSchema(
  dataSource: DataSource,
  mode: 'run' | 'check' | 'off',
  distributed = false,
): Promise<void> {
  if (mode === 'off') {
    leaveMigrationsAlone(dataSource);
    return;
  }
  const findPending = async (): Promise<MigrationStatus[]> =>
    (await migrationStatus(dataSource)).filter(({ applied }) => !applied);
  let pending = await findPending();
  if (pending.length === 0) {
    if (distributed) {
      await prepareDistribution(dataSource, mode);
    }
    return;
  }
  const isOfApplication = await withClient(dataSource, (client) => isRecordedByApplication(client, dataSource));
  if (mode === 'run' && !isOfApplication) {
    await migrateUp(optionsOf(dataSource), { enrichment: hasEnrichment(dataSource), distributed });
    pending = await findPending();
  }
  if (pending.length > 0) {
    const command = migrateCommand(dataSource);
    const fix = isOfApplication
      ? 'npx typeorm migration:run (this DataSource records the migrations of harbor-storage among its own)'
      : optionsOf(dataSource).synchronize === true
        ? `set synchronize: false in the DataSource, drop the tables that it has created, and run ${command} ` +
          "(or set migrations: 'off' in the module)"
        : `${command} (or migrations: 'run' in the module)`;
    throw new SchemaMismatchError(
      pending.map(({ name: expected }) => ({
        table: MIGRATIONS_TABLE,
        kind: 'migration',
        expected,
        actual: 'not applied',
        breaks: true,
        fix,
      })),
    );
  }
}

/** Distributes the tables that are not, or names them. */
async function prepareDistribution(dataSource: DataSource, mode: 'run' | 'check'): Promise<void> {
  const lacking = await findUndistributed(dataSource);
  if (lacking.length === 0) {
    return;
  }
  if (mode === 'run') {
    await distributeAll(optionsOf(dataSource));
    return;
  }
  const fix = `${migrateCommand(dataSource)} --distributed (or migrations: 'run' in the module)`;
  throw new SchemaMismatchError(
    lacking.map((table) => ({
      table,
      kind: 'distribution',
      expected: 'a table on the workers of Citus',
      actual: 'a table of this server alone',
      breaks: true,
      fix,
    })),
  );
}
