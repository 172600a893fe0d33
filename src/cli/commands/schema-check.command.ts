import type { Command } from 'commander';

import type { SchemaReport } from '../../schema/check-schema.js';
import { SchemaService } from '../../schema/schema.service.js';
import { EXIT } from '../exit-codes.js';
import { type GlobalOptions, printJson, printResult, printTable } from '../output.js';
import { withStorage } from '../storage-context.js';
import { UsageError } from '../usage-error.js';
import { InvalidLoadError } from '../../errors/index.js';

/** `schema check [table]` */
export function addSchemaCheckCommand(schema: Command): void {
  schema
    .command('check')
    .argument('[table]', 'only this table (default: every table of this package)')
    .description('compare the live tables with what this version expects; reads only')
    .action(async (table: string | undefined, _flags: object, command: Command) => {
      const flags = command.optsWithGlobals<GlobalOptions>();
      const report = await checkSchema(table, flags);
      if (flags.json === true) {
        printJson(report);
      } else {
        printReport(report);
      }
      process.exitCode = report.ok ? EXIT.ok : EXIT.differs;
    });
}

async function checkSchema(table: string | undefined, flags: GlobalOptions): Promise<SchemaReport> {
  try {
    return await withStorage(flags, (app) => app.get(SchemaService).check(table), 'off');
  } catch (error) {
    throw error instanceof InvalidLoadError ? new UsageError(error.message) : error;
  }
}

function printReport({ ok, tables, differences, otherTables }: SchemaReport): void {
  if (ok) {
    printResult(`Nothing differs: ${tables.join(', ')}`);
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
    printResult('\nTo mend it:');
    new Set(differences.map(({ mend }) => mend)).forEach((mend) => printResult(`  ${mend}`));
  }
  if (otherTables.length > 0) {
    printResult(`Tables no entity is for: ${otherTables.join(', ')}`);
  }
}
