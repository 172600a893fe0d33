import type { Command } from 'commander';

import type { ColumnWideningProposal, WideningProposal } from '../../schema/propose/widen/widening-proposal.js';
import { findPendingMigration, writeMigration } from '../../schema/propose/source/write-migration.js';
import { printPending, printWritten } from '../output/migration-steps.js';
import { type GlobalOptions, printJson, printResult, printTable } from '../output/output.js';
import { withSchema } from '../context/schema-context.js';

interface WidenFlags {
  readonly write?: boolean;
  readonly dir: string;
}

/** `schema widen <table>` */
export function addSchemaWidenCommand(schema: Command): void {
  schema
    .command('widen')
    .argument('<table>', 'the table whose rejected records are looked at')
    .description('which columns reject records, and what type would take them; reads only, without --write')
    .option('--write', 'write the migration that changes the columns')
    .option('--dir <folder>', 'where --write puts it', 'migrations')
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
        printWritten(written);
        printResult(
          `\n2. In ${proposal.entity}, with the same release: an older version stops loading into the table\n`,
        );
        proposal.widened.forEach(({ property, options }) => printResult(`  ${property}: ${options}`));
        printResult('\nA version with the old type stops loading into the table once it starts anew: deploy soon.');
        printResult('\n3. Load the rejected records again: harbor-storage rejects replay');
      } else if (pending !== undefined) {
        printPending(pending);
      } else if (proposal.widened.length > 0) {
        printResult('To have the migration written, add --write');
      }
    });
}

function printProposal({ table, columns, tableBytes, withoutColumn }: WideningProposal): void {
  for (const [reason, n] of Object.entries(withoutColumn)) {
    printResult(`${n.toLocaleString('en-US')} records of ${table} were rejected with ${reason}, which names no column`);
  }
  if (columns.length === 0) {
    printResult(`No column of ${table} has rejected a record that was not replayed`);
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
    'in place': 'no row is rewritten',
    'new column': 'a new column is filled in batches; at the end the table is locked for one scan',
    rewrite: `locks the table while ${size} are rewritten, because an index or a constraint uses the column`,
  };
  return [
    to !== undefined && `${from} to ${to}: ${cost[by ?? 'rewrite']}`,
    dropNotNull === true && 'DROP NOT NULL: no row is read or rewritten',
  ]
    .filter(Boolean)
    .join('; ');
}
