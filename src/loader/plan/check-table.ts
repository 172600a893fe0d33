import type { EntityMetadata } from 'typeorm';

import { InvalidLoadError } from '../../errors/index.js';
import type { LiveTable } from '../../schema/table/live-table.js';

/**
 * Checks that a statement on the table writes this table, and all of its rows.
 * @throws InvalidLoadError
 */
export function checkTable({ name, tablePath }: EntityMetadata, { kind: { children, rules } }: LiveTable): void {
  if (children.length > 0) {
    throw new InvalidLoadError(
      `${name} cannot be loaded: other tables (${naming(children)}) inherit from ${tablePath}, and no unique index covers ` +
        'them all, so a key stored in one of them would be inserted again. Load the child tables, or make it a ' +
        'partitioned table.',
    );
  }
  if (rules.length > 0) {
    throw new InvalidLoadError(
      `${name} cannot be loaded: ${tablePath} has rules on INSERT or UPDATE (${naming(rules)}), which replace the ` +
        "load's statements, so its rows cannot be counted. Use a trigger instead of a rule.",
    );
  }
}

function naming(names: readonly string[]): string {
  return names.slice(0, 5).join(', ') + (names.length > 5 ? ' and more' : '');
}
