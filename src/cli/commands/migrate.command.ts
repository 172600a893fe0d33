import type { Command } from 'commander';
import type { DataSource } from 'typeorm';

import { StorageError } from '../../errors/index.js';
import { migrateDown, migrateUp, migrationStatus, readMigrationStatus } from '../../schema/migrations/migrations.js';
import { prepareSchema } from '../../schema/migrations/prepare-schema.js';
import type { ConnectionOptions } from '../../schema/migrations/storage-data-source.js';
import { type GlobalOptions, printJson, printResult, printTable } from '../output/output.js';
import { withConnection, withDatabase, withStorage } from '../context/storage-context.js';
import { findTablesWithRows } from '../context/tables-with-rows.js';

interface UpFlags {
  readonly enrichment?: boolean;
  readonly distributed?: boolean;
}

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
    .option('--enrichment', 'Also those of EnrichmentModule; with -d, the entities of the DataSource tell')
    .option('--distributed', 'Also distribute the tables over the workers of Citus')
    .action(async (_flags: object, command: Command) => {
      const flags = command.optsWithGlobals<UpFlags & GlobalOptions>();
      const applied =
        flags.dataSource === undefined
          ? await withDatabase(flags, ({ url }) => migrateUp({ url }, flags))
          : await withStorage(flags, ({ dataSource }) => applyPending(dataSource, flags.distributed), 'off');
      if (flags.json === true) {
        printJson({ applied });
      } else {
        printResult(applied.length === 0 ? 'No pending migrations' : `Applied: ${applied.join(', ')}`);
        if (flags.distributed === true) {
          printResult('The tables are distributed');
        }
      }
    });
  migrate
    .command('status', { isDefault: true })
    .description('List migrations and whether they are applied')
    .action(async (_flags: object, command: Command) => {
      const flags = command.optsWithGlobals<GlobalOptions>();
      const migrations = await withConnection(flags, readMigrationStatus);
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
    .option('--force', 'Revert even if the tables of records contain rows')
    .action(async (_flags: object, command: Command) => {
      const flags = command.optsWithGlobals<DownFlags & GlobalOptions>();
      const reverted = await withConnection(flags, async (connection) => {
        if (flags.force !== true) {
          await rejectToDropRows(connection);
        }
        return migrateDown(connection);
      });
      if (flags.json === true) {
        printJson({ reverted: reverted ?? null });
      } else {
        printResult(reverted === undefined ? 'No migration to revert' : `Reverted: ${reverted}`);
      }
    });
}

/** Applies pending migrations to the database of an application, unless it records them among its own. */
async function applyPending(dataSource: DataSource, distributed?: boolean): Promise<string[]> {
  const pending = (await migrationStatus(dataSource)).filter(({ applied }) => !applied);
  await prepareSchema(dataSource, 'run', distributed);
  return pending.map(({ name }) => name);
}

async function rejectToDropRows(connection: ConnectionOptions): Promise<void> {
  const tables = await findTablesWithRows(connection);
  if (tables.length > 0) {
    throw new StorageError(
      'TABLES_HOLD_ROWS',
      `migrate down may drop tables or columns that contain data: ${tables.join(', ')}. Add --force to drop them.`,
    );
  }
}
