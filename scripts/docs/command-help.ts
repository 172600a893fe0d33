import type { Command } from 'commander';

import { createProgram } from '../../src/cli/program.js';

/** The help of every command and subcommand, each under a heading of its own. */
export async function commandHelp(): Promise<string> {
  return sectionsOf(await createProgram(), []).join('\n');
}

function sectionsOf(command: Command, parents: readonly string[]): string[] {
  const path = [...parents, command.name()];
  const section = `### ${path.join(' ')}\n\n\`\`\`text\n${printedHelp(command).trimEnd()}\n\`\`\`\n`;
  const children = command.commands.filter((child) => child.name() !== 'help');
  return [section, ...children.flatMap((child) => sectionsOf(child, path))];
}

/** What `--help` prints on a terminal of 100 columns. Unlike helpInformation(), it has the texts added to the help. */
function printedHelp(command: Command): string {
  const printed: string[] = [];
  command.configureOutput({ writeOut: (text) => printed.push(text), getOutHelpWidth: () => 100 });
  command.outputHelp();
  return printed.join('');
}
