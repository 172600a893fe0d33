import { InvalidArgumentError } from 'commander';

import { isLoadKey, LOAD_KEY_FORM } from '../../loader/model/load-options.js';

/** Reads --load-key; an empty one, as of a shell variable that is not set, is wrong usage. */
export function parseLoadKey(text: string): string {
  if (!isLoadKey(text)) {
    throw new InvalidArgumentError(`It must be ${LOAD_KEY_FORM}.`);
  }
  return text;
}
