import type { Command } from 'commander';

import type { FieldProposal, SchemaProposal } from '../../schema/propose/columns/schema-proposal.js';
import { findPendingMigration, writeMigration } from '../../schema/propose/source/write-migration.js';
import { type GlobalOptions, printJson, printResult, printTable, showShare } from '../output/output.js';
import { parseCount } from '../flags/parse-count.js';
import { parseShare } from '../flags/parse-share.js';
import { printPending, printProperties, printWritten } from '../output/migration-steps.js';
import { withSchema } from '../context/schema-context.js';

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
    .argument('<table>', 'the table whose extra column is looked at')
    .description(
      'which fields that extra captured could be columns of their own, and of which type; reads only, without --write',
    )
    .option('--write', 'write the migration that adds the columns and moves the values')
    .option('--dir <folder>', 'where --write puts it', 'migrations')
    .option('--min-count <n>', 'leave fields that fewer rows have', parseCount(1), 1)
    .option('--min-share <percent>', 'leave fields that a smaller share of the rows has', parseShare, 1)
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
        printWritten(written);
        printProperties(written, entity);
      } else if (pending !== undefined) {
        printPending(pending);
      } else if (proposal.columns.length > 0) {
        printResult('To have the migration written, add --write');
      } else {
        printResult('No field can be a column');
      }
    });
}

function printProposal({ table, rows, rowsRead, sampled, fields, moreFields }: SchemaProposal): void {
  const [all, read] = [rows, rowsRead].map((n) => n.toLocaleString('en-US'));
  printResult(sampled ? `${table}: a sample of ${read} of about ${all} rows` : `${table}: all of ${all} rows`);
  if (fields.length === 0) {
    printResult('extra has captured nothing');
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
    printResult(`and ${moreFields.toLocaleString('en-US')} rarer fields, which stay in extra`);
  }
}

function describe(field: FieldProposal): string {
  switch (field.decision) {
    case 'promote':
      return field.type;
    case 'move':
      return `${field.type}, which the table has: only the values move`;
    case 'keep':
      return `stays in extra: ${field.message}`;
  }
}
