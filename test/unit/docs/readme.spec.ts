import { readFileSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { getMetadataArgsStorage } from 'typeorm';

import { createProgram } from '../../../src/cli/program.js';
import { OpportunityEntity, SubmissionEntity } from '../../../src/entities/index.js';

const README = new URL('../../../README.md', import.meta.url);
const WIDTH = 120;

/** What `--help` prints on a terminal of 100 columns: of the program with its exit codes, and of `load`. */
function helpTexts(): string {
  const program = createProgram();
  const load = program.commands.filter((command) => command.name() === 'load');
  return `\`\`\`text\n${[program, ...load].map(printedHelp).join('\n')}\`\`\`\n`;
}

/** Unlike helpInformation(), what is printed has the texts added to it. */
function printedHelp(command: Command): string {
  const printed: string[] = [];
  command.configureOutput({ writeOut: (text) => printed.push(text), getOutHelpWidth: () => 100 });
  command.outputHelp();
  return printed.join('');
}

/** The columns of the two tables, by type; those the loaded tables have in common are told of in prose. */
function columnLists(): string {
  const lists = [SubmissionEntity, OpportunityEntity].map((entity) => {
    const { tables, columns } = getMetadataArgsStorage();
    const own = columns.filter(({ target }) => target === entity).map(({ options }) => options);
    const groups = [...new Set(own.map(({ type }) => String(type)))].map((type) => {
      const names = own.filter((column) => column.type === type).map(({ name }) => `\`${name}\``);
      return `${type} ${names.join(', ')}`;
    });
    return wrap(`- **\`${tables.find(({ target }) => target === entity)?.name}\`**: ${groups.join('; ')}.`);
  });
  return `${lists.join('\n')}\n`;
}

function wrap(text: string): string {
  return text.split(' ').reduce((wrapped, word) => {
    const line = wrapped.slice(wrapped.lastIndexOf('\n') + 1);
    return `${wrapped}${line.length + 1 + word.length > WIDTH ? '\n  ' : ' '}${word}`;
  });
}

describe('the README', () => {
  it.each([
    ['help', 'the help of the command line', helpTexts],
    ['columns', 'the columns of the two tables', columnLists],
  ])('has %s: %s as it is; UPDATE_README=1 writes it anew', (name, _what, generate) => {
    const part = new RegExp(`(<!-- generated: ${name} -->\n)([\\s\\S]*?)(<!-- /generated -->)`);
    const readme = readFileSync(README, 'utf8');
    const generated = `\n${generate()}\n`;
    if (process.env['UPDATE_README'] === '1') {
      writeFileSync(
        README,
        readme.replace(part, (_, before, _old, after) => `${before}${generated}${after}`),
      );
    }
    expect(part.exec(readFileSync(README, 'utf8'))?.[2]).toBe(generated);
  });
});
