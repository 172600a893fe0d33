import { createRequire } from 'node:module';

import { Command } from 'commander';

import { addDemoCommand } from './commands/demo.command.js';
import { addLoadCommand } from './commands/load.command.js';
import { addLoadsCommand } from './commands/loads.command.js';
import { addMigrateCommand } from './commands/migrate.command.js';
import { addRejectsCommand } from './commands/rejects.command.js';
import { addSchemaCommand } from './commands/schema.command.js';
import { addStatsCommand } from './commands/stats.command.js';
import { EXIT_CODES_HELP } from './exit-codes.js';

/** The whole command line; errors are thrown, never exited on. */
export function createProgram(): Command {
  const program = new Command('harbor-storage')
    .description('Loads records into Postgres and neither loses, duplicates nor silently changes one.')
    .version(packageVersion())
    .option('--url <url>', 'Postgres to work on (default: DATABASE_URL; with neither, an embedded Postgres)')
    .option('--json', 'print one JSON object on stdout')
    .option('--quiet', 'no progress and no messages on stderr')
    .option('--verbose', 'show where an error comes from')
    .addHelpText('after', EXIT_CODES_HELP)
    .showHelpAfterError('(add --help for what can be given)')
    .enablePositionalOptions(false)
    .exitOverride();
  addLoadCommand(program);
  addLoadsCommand(program);
  addRejectsCommand(program);
  addStatsCommand(program);
  addMigrateCommand(program);
  addSchemaCommand(program);
  addDemoCommand(program);
  program.commands.forEach(inheritExitOverride);
  return program;
}

/** From the package itself, which lies elsewhere seen from the sources than seen from the build. */
function packageVersion(): string {
  const { version } = createRequire(import.meta.url)('harbor-storage/package.json') as { readonly version: string };
  return version;
}

/** commander copies exitOverride only to commands that are added after it, and not to their children. */
function inheritExitOverride(command: Command): void {
  command.exitOverride();
  command.commands.forEach(inheritExitOverride);
}
