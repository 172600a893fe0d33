/** The value axis of a plot. */
export interface Axis {
  /** From 0 up to the largest value or just above it. */
  readonly ticks: readonly number[];
  readonly max: number;
}

const STEPS = [1, 2, 5, 10];
const MOST_TICKS = 4;

/**
 * An axis from 0 with at most five ticks at round numbers.
 * @param whole - no tick between whole numbers
 */
export function axisFor(largest: number, whole: boolean): Axis {
  if (!(largest > 0)) {
    return { ticks: [0], max: 1 };
  }
  const rough = largest / MOST_TICKS;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(whole ? 1 : 0, (STEPS.find((factor) => factor * magnitude >= rough) ?? 10) * magnitude);
  const steps = Math.ceil(largest / step);
  // Multiplied, because sums of fractions drift; rounded for the same reason.
  const ticks = Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(12)));
  return { ticks, max: ticks.at(-1) as number };
}
