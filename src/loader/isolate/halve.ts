import { mayBeOfRow } from '../../postgres/faults/sqlstate.js';

/** Numbers from `first` to `last`, both included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** What {@link halve} does with a range. */
export interface HalvingSteps {
  /** Does the whole range or, when it throws, nothing of it. */
  readonly attempt: (range: Range) => Promise<void>;
  /** Deals with a single number whose attempt has failed by what may be its row's fault. */
  readonly atFault: (number: number, error: unknown) => Promise<void>;
}

/**
 * Does a range without the numbers at fault: where the attempt fails by what may be a row's fault, it tries each half.
 * @throws what an attempt throws when the fault cannot be a row's
 */
export async function halve(range: Range, steps: HalvingSteps): Promise<void> {
  try {
    await steps.attempt(range);
  } catch (error) {
    if (!mayBeOfRow(error)) {
      throw error;
    }
    await (range.first === range.last ? steps.atFault(range.first, error) : halveFaulty(range, steps));
  }
}

/** The same for a range that is known to fail as a whole. */
export async function halveFaulty({ first, last }: Range, steps: HalvingSteps): Promise<void> {
  const middle = Math.floor((first + last) / 2);
  await halve({ first, last: middle }, steps);
  if (middle < last) {
    await halve({ first: middle + 1, last }, steps);
  }
}
