import { InvalidArgumentError } from 'commander';

/** Parses a name option. An empty one, as from an unset shell variable, is a usage error. */
export function parseName(text: string): string {
  if (text === '') {
    throw new InvalidArgumentError('expected a name');
  }
  return text;
}

/** Parses names with commas between them. */
export function parseNames(text: string): string[] {
  return text.split(',').map((name) => parseName(name.trim()));
}
