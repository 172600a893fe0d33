import type { DataSource } from 'typeorm';

import { SchemaMismatchError } from '../../errors/index.js';
import { optionsOf } from '../../postgres/typeorm-adapter.js';
import { MIGRATE_COMMAND } from '../compare/compare-table.js';
import { migrateUp, migrationStatus } from './migrations.js';
import { MIGRATIONS_TABLE } from './storage-data-source.js';

/**
 * Ensures that the migrations of this package are applied.
 * @param mode - `run` applies pending migrations, `check` only checks, `off` does neither
 * @throws SchemaMismatchError naming pending migrations and the command that applies them
 */
export async function prepareSchema(dataSource: DataSource, mode: 'run' | 'check' | 'off'): Promise<void> {
  if (mode === 'off') {
    return;
  }
  if (mode === 'run') {
    await migrateUp(optionsOf(dataSource));
  }
  const pending = (await migrationStatus(dataSource)).filter(({ applied }) => !applied);
  if (pending.length > 0) {
    const fix = `${MIGRATE_COMMAND} (or migrations: 'run' in the module)`;
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
