import { InvalidArgumentError } from 'commander';

/** A percentage: `0.5` or `50`, with or without its sign. */
export function parseShare(value: string): number {
  const share = /^\d+(?:\.\d+)?%?$/.test(value) ? Number.parseFloat(value) : NaN;
  if (!(share <= 100)) {
    throw new InvalidArgumentError('Expected a percentage from 0 to 100.');
  }
  return share;
}
