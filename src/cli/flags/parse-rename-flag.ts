import { InvalidArgumentError } from 'commander';

import { StorageError } from '../../errors/index.js';
import { parseRename } from '../../files/rename-fields.js';

/** Reads --rename; a mistake in it is wrong usage. */
export function parseRenameFlag(text: string): ReadonlyMap<string, string> {
  try {
    return parseRename(text);
  } catch (error) {
    throw error instanceof StorageError ? new InvalidArgumentError(error.message) : error;
  }
}
