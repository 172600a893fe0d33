import { Command, type ErrorOptions, type HelpContext } from 'commander';

import { nearestName } from '../errors/nearest-name.js';

/** A command that reports a wrong name of a subcommand as such, wherever it is given. */
export class CliCommand extends Command {
  override createCommand(name?: string): CliCommand {
    return new CliCommand(name);
  }

  /** `loads lst` would be the default command `loads list` with an argument too many. */
  override error(message: string, options?: ErrorOptions): never {
    const [given] = this.parent?.args ?? [];
    return options?.code === 'commander.excessArguments' && this.parent !== null && given !== this.name()
      ? this.parent.error(unknownCommand(this.parent, String(given)), options)
      : super.error(message, options);
  }

  /** `help nosuch` would print all the help as an error. */
  override help(context?: HelpContext | ((text: string) => string)): never {
    const [first, name] = this.args;
    return first === 'help' && name !== undefined
      ? super.error(unknownCommand(this, name))
      : super.help(context as HelpContext);
  }
}

function unknownCommand({ commands }: Readonly<Command>, given: string): string {
  const nearest = nearestName(
    given,
    commands.map((command) => command.name()),
  );
  return `error: unknown command '${given}'${nearest === undefined ? '' : `\n(Did you mean ${nearest}?)`}`;
}
