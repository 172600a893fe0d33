import { type Check, findMistakes, integerFrom } from '../../../errors/find-mistakes.js';
import { InvalidLoadError } from '../../../errors/index.js';

/** Options of a proposal. */
export interface ProposeOptions {
  /** A field in fewer rows stays in the extra column; from 1. @default 1 */
  readonly minCount?: number | undefined;
  /** A field in a smaller share of rows stays there too; from 0 to 1. @default 0.01 */
  readonly minShare?: number | undefined;
  /** Larger tables are sampled, about this many rows; from 1 to 1,000,000,000. @default 1000000 */
  readonly sampleAbove?: number | undefined;
  /** Timeout of each statement in milliseconds; 0: none. @default 0 */
  readonly statementTimeoutMs?: number | undefined;
}

/** Options of a proposal of wider types. */
export type WidenOptions = Pick<ProposeOptions, 'statementTimeoutMs'>;

/** Rows are counted as an `integer`. */
const MOST_ROWS = 1_000_000_000;
/** As Postgres takes it. */
const MOST_TIMEOUT_MS = 2_147_483_647;

/** Description of valid values, and the test for them. */
const CHECKS: Readonly<Record<keyof ProposeOptions, Check>> = {
  minCount: integerFrom(1),
  minShare: ['a number from 0 to 1', (value) => typeof value === 'number' && value >= 0 && value <= 1],
  sampleAbove: integerFrom(1, MOST_ROWS),
  statementTimeoutMs: integerFrom(0, MOST_TIMEOUT_MS),
};

/**
 * Validates the options of a proposal and applies the defaults.
 * @throws InvalidLoadError naming all mistakes
 */
export function resolveProposeOptions(options: ProposeOptions): Required<ProposeOptions> {
  checkOptions(options, CHECKS);
  const { minCount = 1, minShare = 0.01, sampleAbove = 1_000_000, statementTimeoutMs = 0 } = options;
  return { minCount, minShare, sampleAbove, statementTimeoutMs };
}

/** @throws InvalidLoadError naming all mistakes */
export function resolveWidenOptions(options: WidenOptions): Required<WidenOptions> {
  checkOptions(options, { statementTimeoutMs: CHECKS.statementTimeoutMs });
  return { statementTimeoutMs: options.statementTimeoutMs ?? 0 };
}

function checkOptions(options: ProposeOptions, checks: Readonly<Record<string, Check>>): void {
  const mistakes = findMistakes(options, checks, 'not an option of a proposal');
  if (mistakes.length > 0) {
    throw new InvalidLoadError(`Invalid options of the proposal: ${mistakes.join('; ')}`);
  }
}
