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

/** `schema` and its subcommands */
export function addSchemaCommand(program: Command): void {
  const schema = program.command('schema').description('Compare tables with entities, and propose migrations');
  SUBCOMMANDS.forEach((add) => add(schema));
}
