import { InvalidArgumentError } from 'commander';

import { StorageError } from '../../errors/index.js';
import { parseRename } from '../../files/rename-fields.js';

/** Parses --rename; a mistake in it is a usage error. */
export function parseRenameFlag(text: string): ReadonlyMap<string, string> {
  try {
    return parseRename(text);
  } catch (error) {
    throw error instanceof StorageError ? new InvalidArgumentError(error.message) : error;
  }
}
