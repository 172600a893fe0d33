import { InvalidArgumentError } from 'commander';

import { isLoadKey, LOAD_KEY_FORM } from '../../loader/model/load-options.js';

/** Parses --load-key. An empty one, as from an unset shell variable, is a usage error. */
export function parseLoadKey(text: string): string {
  if (!isLoadKey(text)) {
    throw new InvalidArgumentError(`It must be ${LOAD_KEY_FORM}.`);
  }
  return text;
}
