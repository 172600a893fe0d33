import { InvalidLoadError } from '../../errors/index.js';

/** What to propose, and of how many rows. */
export interface ProposeOptions {
  /** A field in fewer rows stays in the extra column; from 1. @default 1 */
  readonly minCount?: number;
  /** A field in a smaller share of the rows stays there too; from 0 to 1. @default 0.01 */
  readonly minShare?: number;
  /** Of a table of more rows a sample of about so many is read; from 1 to 1,000,000,000. @default 1000000 */
  readonly sampleAbove?: number;
}

/** The rows are counted as an `integer`. */
const MOST_ROWS = 1_000_000_000;

const isIntegerTo = (value: unknown, max: number): boolean =>
  Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= max;

/** What each option must be, and how to tell. */
const CHECKS: Readonly<Record<keyof ProposeOptions, readonly [expected: string, holds: (value: unknown) => boolean]>> =
  {
    minCount: ['an integer from 1', (value) => isIntegerTo(value, Infinity)],
    minShare: ['a number from 0 to 1', (value) => typeof value === 'number' && value >= 0 && value <= 1],
    sampleAbove: [`an integer from 1 to ${MOST_ROWS}`, (value) => isIntegerTo(value, MOST_ROWS)],
  };

/**
 * Validates the options of a proposal and fills in the defaults.
 * @throws InvalidLoadError naming every mistake at once
 */
export function resolveProposeOptions(options: ProposeOptions): Required<ProposeOptions> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const mistakes = given.flatMap(([name, value]) => {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof ProposeOptions] : undefined;
    if (check === undefined) {
      return [`${name} is no option of a proposal`];
    }
    return check[1](value) ? [] : [`${name} must be ${check[0]}`];
  });
  if (mistakes.length > 0) {
    throw new InvalidLoadError(`The options of the proposal are wrong: ${mistakes.join('; ')}`);
  }
  const { minCount = 1, minShare = 0.01, sampleAbove = 1_000_000 } = options;
  return { minCount, minShare, sampleAbove };
}
