import type { Command } from 'commander';

import type { ColumnWideningProposal, WideningProposal } from '../../../schema/propose/widen/widening-proposal.js';
import { commandFor } from '../../../schema/table/migrate-command.js';
import { findPendingMigration, writeMigration } from '../../../schema/propose/source/write-migration.js';
import { printPending, printWritten } from '../../output/migration-steps.js';
import { type GlobalOptions, printJson, printResult, printTable } from '../../output/output.js';
import { withSchema } from '../../context/schema-context.js';

interface WidenFlags {
  readonly write?: boolean;
  readonly dir: string;
}

/** `schema widen <table>` */
export function addSchemaWidenCommand(schema: Command): void {
  schema
    .command('widen')
    .argument('<table>', 'Table with rejected records')
    .description('Propose wider types for columns that reject records; read-only unless --write is given')
    .option('--write', 'Write a migration that changes the columns')
    .option('--dir <folder>', 'Folder of the migration', 'migrations')
    .action(async (table: string, _flags: object, command: Command) => {
      const flags = command.optsWithGlobals<WidenFlags & GlobalOptions>();
      const proposal = await withSchema(flags, table, (service) => service.proposeWidening(table));
      const written = flags.write === true ? await writeMigration(proposal, flags.dir) : undefined;
      const pending = written === undefined ? await findPendingMigration(proposal, flags.dir) : undefined;
      if (flags.json === true) {
        printJson({ ...proposal, migration: written ?? null, pendingMigration: pending ?? null });
        return;
      }
      printProposal(proposal);
      if (written !== undefined) {
        printWritten(written, flags);
        printResult(
          `\n2. In the same release, change ${proposal.entity}; older versions cannot load into the table any more:\n`,
        );
        proposal.widened.forEach(({ property, options }) => printResult(`  ${property}: ${options}`));
        printResult('\nAn application with the old type stops loading at its next start: deploy soon.');
        printResult(`\n3. Replay the rejected records: ${commandFor('rejects replay', flags.dataSource)}`);
      } else if (pending !== undefined) {
        printPending(pending);
      } else if (proposal.widened.length > 0) {
        printResult('To write the migration, add --write');
      }
    });
}

function printProposal({ table, columns, tableBytes, withoutColumn }: WideningProposal): void {
  for (const [reason, n] of Object.entries(withoutColumn)) {
    printResult(`${n.toLocaleString('en-US')} records of ${table} rejected with ${reason}, without a column name`);
  }
  if (columns.length === 0) {
    printResult(`No open rejected records for any column of ${table}`);
    return;
  }
  printTable(
    ['column', 'records', 'loads', 'since (UTC)', 'last (UTC)', 'reasons', 'proposed'],
    columns.map((column) => [
      column.column,
      column.records,
      column.loads,
      column.first,
      column.last,
      Object.keys(column.reasons).join(', '),
      describe(column, tableBytes),
    ]),
  );
}

function describe(column: ColumnWideningProposal, tableBytes: number): string {
  if (column.decision === 'keep') {
    return `nothing: ${column.message}`;
  }
  const { from, to, by, dropNotNull } = column;
  const size = `${Math.ceil(tableBytes / 1024 / 1024).toLocaleString('en-US')} MB`;
  const cost = {
    'in place': 'no table rewrite',
    'new column': 'fills a new column in batches; locks the table for one scan at the end',
    rewrite: `locks the table and rewrites ${size}, because an index or a constraint uses the column`,
  };
  return [
    to !== undefined && `${from} to ${to}: ${cost[by ?? 'rewrite']}`,
    dropNotNull === true && 'DROP NOT NULL: no table scan or rewrite',
  ]
    .filter(Boolean)
    .join('; ');
}
