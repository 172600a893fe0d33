import type { Command } from 'commander';

import { addSchemaCheckCommand } from './schema-check.command.js';
import { addSchemaProposeCommand } from './schema-propose.command.js';
import { addSchemaWidenCommand } from './schema-widen.command.js';

/** The subcommands of `schema`, each in a file of its own. */
const SUBCOMMANDS: readonly ((schema: Command) => void)[] = [
  addSchemaCheckCommand,
  addSchemaProposeCommand,
  addSchemaWidenCommand,
];

/** `schema check` and what else concerns the shape of the tables */
export function addSchemaCommand(program: Command): void {
  const schema = program
    .command('schema')
    .description('how the live tables and the entities differ, and what fixes it');
  SUBCOMMANDS.forEach((add) => add(schema));
}
