import { readFileSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';

import { createProgram } from '../../../src/cli/program.js';

const README = new URL('../../../README.md', import.meta.url);
const GENERATED = /(<!-- generated: help -->\n\n```text\n)([\s\S]*?)(```\n\n<!-- \/generated -->)/;

/** What `--help` prints on a terminal of 100 columns: of the program with its exit codes, and of `load`. */
function helpTexts(): string {
  const program = createProgram();
  const load = program.commands.filter((command) => command.name() === 'load');
  return [program, ...load].map(printedHelp).join('\n');
}

/** Unlike helpInformation(), what is printed has the texts added to it. */
function printedHelp(command: Command): string {
  const printed: string[] = [];
  command.configureOutput({ writeOut: (text) => printed.push(text), getOutHelpWidth: () => 100 });
  command.outputHelp();
  return printed.join('');
}

describe('the README', () => {
  it('shows the help of the command line as it is; UPDATE_README=1 writes it anew', () => {
    const readme = readFileSync(README, 'utf8');
    if (process.env['UPDATE_README'] === '1') {
      writeFileSync(
        README,
        readme.replace(GENERATED, (_, before, _old, after) => `${before}${helpTexts()}${after}`),
      );
    }
    expect(GENERATED.exec(readFileSync(README, 'utf8'))?.[2]).toBe(helpTexts());
  });
});
