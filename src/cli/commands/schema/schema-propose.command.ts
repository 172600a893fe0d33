import type { Command } from 'commander';

import type { FieldProposal, SchemaProposal } from '../../../schema/propose/columns/schema-proposal.js';
import { findPendingMigration, writeMigration } from '../../../schema/propose/source/write-migration.js';
import { type GlobalOptions, printJson, printResult, printTable, showShare } from '../../output/output.js';
import { parseCount } from '../../flags/parse-count.js';
import { parseShare } from '../../flags/parse-share.js';
import { printPending, printProperties, printWritten } from '../../output/migration-steps.js';
import { withSchema } from '../../context/schema-context.js';

interface ProposeFlags {
  readonly write?: boolean;
  readonly dir: string;
  readonly minCount: number;
  readonly minShare: number;
}

/** `schema propose <table>` */
export function addSchemaProposeCommand(schema: Command): void {
  schema
    .command('propose')
    .argument('<table>', 'Table with an extra column')
    .description('Propose columns for fields captured in extra, with types; read-only unless --write is given')
    .option('--write', 'Write a migration that adds the columns and moves the values')
    .option('--dir <folder>', 'Folder of the migration', 'migrations')
    .option('--min-count <n>', 'Ignore fields in fewer rows', parseCount(1), 1)
    .option('--min-share <percent>', 'Ignore fields in a smaller share of rows', parseShare, 1)
    .action(async (table: string, _flags: object, command: Command) => {
      const flags = command.optsWithGlobals<ProposeFlags & GlobalOptions>();
      const { minCount, minShare } = flags;
      const proposal = await withSchema(flags, table, (service) =>
        service.propose(table, { minCount, minShare: minShare / 100 }),
      );
      const written = flags.write === true ? await writeMigration(proposal, flags.dir) : undefined;
      const pending = written === undefined ? await findPendingMigration(proposal, flags.dir) : undefined;
      const entity = proposal.entitySource();
      if (flags.json === true) {
        printJson({ ...proposal, entity, migration: written ?? null, pendingMigration: pending ?? null });
        return;
      }
      printProposal(proposal);
      if (written !== undefined) {
        printWritten(written, flags);
        printProperties(written, entity);
      } else if (pending !== undefined) {
        printPending(pending);
      } else if (proposal.columns.length > 0) {
        printResult('To write the migration, add --write');
      } else {
        printResult('No field can become a column');
      }
    });
}

function printProposal({ table, rows, rowsRead, sampled, fields, moreFields }: SchemaProposal): void {
  const [all, read] = [rows, rowsRead].map((n) => n.toLocaleString('en-US'));
  printResult(sampled ? `${table}: read a sample of ${read} of about ${all} rows` : `${table}: read all ${all} rows`);
  if (fields.length === 0) {
    printResult('No captured fields in extra');
    return;
  }
  printTable(
    ['field', 'rows', 'share', 'values', 'column', 'proposed'],
    fields.map((field) => [
      field.field.slice(0, 80),
      field.count,
      showShare(field.share, field.share < 0.1 ? 2 : 0),
      Object.entries(field.types)
        .map(([type, n]) => (Object.keys(field.types).length === 1 ? type : `${type} ${n.toLocaleString('en-US')}`))
        .join(', '),
      field.decision === 'keep' ? '' : field.column,
      describe(field),
    ]),
  );
  if (moreFields > 0) {
    printResult(`${moreFields.toLocaleString('en-US')} rarer fields not shown; they stay in extra`);
  }
}

function describe(field: FieldProposal): string {
  switch (field.decision) {
    case 'promote':
      return field.type;
    case 'move':
      return `${field.type}; the column exists, only values move`;
    case 'keep':
      return `stays in extra: ${field.message}`;
  }
}
