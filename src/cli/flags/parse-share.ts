import { InvalidArgumentError } from 'commander';

/** Parses a percentage such as `0.5`, `50` or `50%`. */
export function parseShare(value: string): number {
  const share = /^\d+(?:\.\d+)?%?$/.test(value) ? Number.parseFloat(value) : NaN;
  if (!(share <= 100)) {
    throw new InvalidArgumentError('Expected a percentage from 0 to 100.');
  }
  return share;
}
