import type { Command } from 'commander';

import { SchemaService } from '../../schema/schema.service.js';
import { EXIT } from '../exit-codes.js';
import { type GlobalOptions, printJson, printResult, printTable } from '../output.js';
import { withStorage } from '../storage-context.js';

/** `schema check [table]` */
export function addSchemaCheckCommand(schema: Command): void {
  schema
    .command('check')
    .argument('[table]', 'only this table (default: every table of this package)')
    .description('compare the live tables with what this version expects; reads only')
    .action(async (table: string | undefined, _flags: object, command: Command) => {
      const flags = command.optsWithGlobals<GlobalOptions>();
      const report = await withStorage(flags, (app) => app.get(SchemaService).check(table), 'off');
      if (flags.json === true) {
        printJson(report);
      } else if (report.ok) {
        printResult(`Nothing differs: ${report.tables.join(', ')}`);
      } else {
        printTable(
          ['table', 'column', 'expected', 'found'],
          report.differences.map(({ table: name, column, expected, found }) => [name, column, expected, found]),
        );
      }
      process.exitCode = report.ok ? EXIT.ok : EXIT.refused;
    });
}
