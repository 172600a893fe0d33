import { InvalidArgumentError } from 'commander';

/** Reads an option that takes a name; an empty one, as of a shell variable that is not set, is wrong usage. */
export function parseName(text: string): string {
  if (text === '') {
    throw new InvalidArgumentError('expected a name');
  }
  return text;
}
