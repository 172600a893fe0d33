import type { Command } from 'commander';

import type { SchemaReport } from '../../../schema/check-schema.js';
import { EXIT } from '../../exit-codes.js';
import { type GlobalOptions, printJson, printResult, printTable } from '../../output/output.js';
import { withSchema } from '../../context/schema-context.js';

/** `schema check [table]` */
export function addSchemaCheckCommand(schema: Command): void {
  schema
    .command('check')
    .argument('[table]', 'Only this table (default: all tables of this package, or of --data-source)')
    .description('Compare live tables with entities; read-only')
    .action(async (table: string | undefined, _flags: object, command: Command) => {
      const flags = command.optsWithGlobals<GlobalOptions>();
      const report = await withSchema(flags, table, (service) => service.check(table));
      if (flags.json === true) {
        printJson(report);
      } else {
        printReport(report);
      }
      process.exitCode = report.ok ? EXIT.ok : EXIT.differs;
    });
}

function printReport({ ok, tables, differences, otherTables }: SchemaReport): void {
  if (ok) {
    printResult(`No differences: ${tables.join(', ')}`);
  } else {
    printTable(
      ['table', 'column', 'what', 'expected', 'found', 'breaks a load'],
      differences.map(({ table, column, kind, expected, actual, breaks }) => [
        table,
        column,
        kind,
        expected,
        actual,
        breaks ? 'yes' : 'no',
      ]),
    );
    printResult('\nTo fix:');
    new Set(differences.map(({ fix }) => fix)).forEach((fix) => printResult(`  ${fix}`));
  }
  if (otherTables.length > 0) {
    printResult(`Tables without an entity: ${otherTables.join(', ')}`);
  }
}
