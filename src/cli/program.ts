import { createRequire } from 'node:module';

import { type Command, Option } from 'commander';

import { CliCommand } from './cli-command.js';
import { EXIT_CODES_HELP } from './exit-codes.js';
import { visible } from '../errors/visible.js';

/** Adds a command to the program. */
type AddCommand = (program: Command) => void;

/** The commands, in the order of the help; each is imported when it is asked for, because that takes time. */
const COMMANDS: ReadonlyMap<string, () => Promise<AddCommand>> = new Map([
  ['load', async () => (await import('./commands/load.command.js')).addLoadCommand],
  ['loads', async () => (await import('./commands/loads/loads.command.js')).addLoadsCommand],
  ['rejects', async () => (await import('./commands/rejects/rejects.command.js')).addRejectsCommand],
  ['stats', async () => (await import('./commands/stats.command.js')).addStatsCommand],
  ['migrate', async () => (await import('./commands/migrate.command.js')).addMigrateCommand],
  ['schema', async () => (await import('./commands/schema/schema.command.js')).addSchemaCommand],
  ['console', async () => (await import('./commands/console.command.js')).addConsoleCommand],
  ['demo', async () => (await import('./commands/demo.command.js')).addDemoCommand],
]);

/**
 * The command line parser; it throws errors instead of exiting.
 * @param args - to have only the command that they name, if they name one
 */
export async function createProgram(args: readonly string[] = []): Promise<Command> {
  const program = createRoot();
  const named = COMMANDS.get(commandOf(args) ?? '');
  const imports = named === undefined ? [...COMMANDS.values()] : [named];
  for (const load of imports) {
    (await load())(program);
  }
  program.commands.forEach(inheritExitOverride);
  return program;
}

/** The command as commander finds it behind options of the program. */
function commandOf(args: readonly string[]): string | undefined {
  try {
    const { operands } = createRoot()
      .configureOutput({ writeOut: () => {}, writeErr: () => {} })
      .parseOptions([...args]);
    return operands[operands[0] === 'help' ? 1 : 0];
  } catch {
    // The parser of the whole program reports the mistake.
    return undefined;
  }
}

function createRoot(): Command {
  return new CliCommand('harbor-storage')
    .description('Load records into Postgres without losing, duplicating or silently changing any.')
    .version(packageVersion(), '-V, --version', 'Print the version')
    .helpOption('-h, --help', 'Print help')
    .helpCommand('help [command]', 'Print help for a command')
    .option('--url <url>', 'Postgres connection URL (default: DATABASE_URL, else an embedded Postgres)')
    .addOption(
      new Option(
        '-d, --data-source <file>',
        'Module that exports a TypeORM DataSource, for its database and its entities',
      ).conflicts(['url', 'embedded']),
    )
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
