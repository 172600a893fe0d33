import { InvalidArgumentError } from 'commander';

/** Reads an option that takes an integer. */
export function parseCount(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`expected an integer from ${least}`);
    }
    return value;
  };
}
