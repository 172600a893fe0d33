import type { Command } from 'commander';

import { StorageError } from '../../errors/index.js';
import { migrateDown, migrateUp, readMigrationStatus } from '../../schema/migrations/migrations.js';
import { type GlobalOptions, printJson, printResult, printTable } from '../output/output.js';
import { withDatabase } from '../context/storage-context.js';
import { findTablesWithRows } from '../context/tables-with-rows.js';

interface DownFlags {
  readonly force?: boolean;
}

/** `migrate up`, `migrate status`, `migrate down` */
export function addMigrateCommand(program: Command): void {
  const migrate = program
    .command('migrate')
    .description('Manage the database schema; concurrent runs wait for each other');
  migrate
    .command('up')
    .description('Apply pending migrations')
    .action(async (_flags: object, command: Command) => {
      const flags = command.optsWithGlobals<GlobalOptions>();
      const applied = await withDatabase(flags, ({ url }) => migrateUp({ url }));
      if (flags.json === true) {
        printJson({ applied });
      } else {
        printResult(applied.length === 0 ? 'No pending migrations' : `Applied: ${applied.join(', ')}`);
      }
    });
  migrate
    .command('status', { isDefault: true })
    .description('List migrations and whether they are applied')
    .action(async (_flags: object, command: Command) => {
      const flags = command.optsWithGlobals<GlobalOptions>();
      const migrations = await withDatabase(flags, ({ url }) => readMigrationStatus({ url }));
      if (flags.json === true) {
        printJson({ migrations });
      } else {
        printTable(
          ['migration', 'applied'],
          migrations.map(({ name, applied, inThisVersion }) => [
            name,
            inThisVersion ? (applied ? 'yes' : 'no') : 'yes, but unknown to this version',
          ]),
        );
      }
    });
  migrate
    .command('down')
    .description('Revert the last migration; drops what it created, including data')
    .option('--force', 'Revert even if app_opportunities or submissions contain rows')
    .action(async (_flags: object, command: Command) => {
      const flags = command.optsWithGlobals<DownFlags & GlobalOptions>();
      const reverted = await withDatabase(flags, async ({ url }) => {
        if (flags.force !== true) {
          await rejectToDropRows(url);
        }
        return migrateDown({ url });
      });
      if (flags.json === true) {
        printJson({ reverted: reverted ?? null });
      } else {
        printResult(reverted === undefined ? 'No migration to revert' : `Reverted: ${reverted}`);
      }
    });
}

async function rejectToDropRows(url: string): Promise<void> {
  const tables = await findTablesWithRows(url);
  if (tables.length > 0) {
    throw new StorageError(
      'TABLES_HOLD_ROWS',
      `migrate down may drop tables or columns that contain data: ${tables.join(', ')}. Add --force to drop them.`,
    );
  }
}
