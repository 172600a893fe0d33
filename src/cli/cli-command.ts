import { Command, type ErrorOptions } from 'commander';

import { nearestName } from '../errors/nearest-name.js';

/** A command, whose mistakes in the name of a subcommand are reported as such. */
export class CliCommand extends Command {
  override createCommand(name?: string): CliCommand {
    return new CliCommand(name);
  }

  /** `loads lst` would be the default command `loads list` with an argument too many. */
  override error(message: string, options?: ErrorOptions): never {
    const [given] = this.parent?.args ?? [];
    if (options?.code !== 'commander.excessArguments' || this.parent === null || given === this.name()) {
      return super.error(message, options);
    }
    const nearest = nearestName(
      String(given),
      this.parent.commands.map((command) => command.name()),
    );
    const proposal = nearest === undefined ? '' : `\n(Did you mean ${nearest}?)`;
    return super.error(`error: unknown command '${given}'${proposal}`, {
      ...options,
      code: 'commander.unknownCommand',
    });
  }
}
