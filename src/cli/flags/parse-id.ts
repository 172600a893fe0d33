import { InvalidArgumentError } from 'commander';

import { isId } from '../../entities/is-id.js';

/** Parses the id of a load or of a rejected record. */
export function parseId(text: string): string {
  if (!isId(text)) {
    throw new InvalidArgumentError('expected an id, as in the list');
  }
  return text;
}
