import { createRequire } from 'node:module';

import { Command, Option } from 'commander';

import { addDemoCommand } from './commands/demo.command.js';
import { addLoadCommand } from './commands/load.command.js';
import { addLoadsCommand } from './commands/loads.command.js';
import { addMigrateCommand } from './commands/migrate.command.js';
import { addRejectsCommand } from './commands/rejects.command.js';
import { addSchemaCommand } from './commands/schema.command.js';
import { addStatsCommand } from './commands/stats.command.js';
import { EXIT_CODES_HELP } from './exit-codes.js';
import { visible } from './output/visible.js';

/** The command line parser; it throws errors instead of exiting. */
export function createProgram(): Command {
  const program = new Command('harbor-storage')
    .description('Load records into Postgres without losing, duplicating or silently changing any.')
    .version(packageVersion(), '-V, --version', 'Print the version')
    .helpOption('-h, --help', 'Print help')
    .helpCommand('help [command]', 'Print help for a command')
    .option('--url <url>', 'Postgres connection URL (default: DATABASE_URL, else an embedded Postgres)')
    .addOption(
      new Option('--embedded', 'Use the embedded Postgres, even with DATABASE_URL or NODE_ENV=production').conflicts(
        'url',
      ),
    )
    .option('--json', 'Print one JSON object on stdout')
    .option('--quiet', 'Suppress progress and messages on stderr')
    .option('--verbose', 'Print stack traces of errors')
    .addHelpText('after', EXIT_CODES_HELP)
    .showHelpAfterError('Run with --help for usage')
    .enablePositionalOptions(false)
    .configureOutput({ writeErr: (text) => process.stderr.write(visible(text)) })
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

/** Resolved by package name, because sources and build are at different depths. */
function packageVersion(): string {
  const { version } = createRequire(import.meta.url)('harbor-storage/package.json') as { readonly version: string };
  return version;
}

/** commander copies exitOverride only to direct subcommands added later. */
function inheritExitOverride(command: Command): void {
  command.exitOverride();
  command.commands.forEach(inheritExitOverride);
}
