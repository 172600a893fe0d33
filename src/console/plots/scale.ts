/** The value axis of a plot, or its time axis. */
export interface Axis {
  /** Round numbers from 0 on. */
  readonly ticks: readonly number[];
  /** The last tick. */
  readonly max: number;
}

/** What is round: `seconds` are so at minutes, hours and days. */
export type Unit = 'whole number' | 'number' | 'seconds';

const STEPS = [1, 2, 5, 10];
/** From a minute on, in seconds. */
const TIME_STEPS = [15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];
const MINUTE = 60;
const MOST_TICKS = 4;

/** An axis from 0 to the largest value or just above it, with at most five ticks. */
export function axisFor(largest: number, unit: Unit): Axis {
  if (!(largest > 0)) {
    return { ticks: [0], max: 1 };
  }
  const step = stepFor(largest / MOST_TICKS, unit);
  const steps = Math.ceil(largest / step);
  // Multiplied, because sums of fractions drift; rounded for the same reason.
  const ticks = Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(12)));
  return { ticks, max: ticks.at(-1) as number };
}

/** The smallest round step that is not smaller than this. */
function stepFor(rough: number, unit: Unit): number {
  const known =
    unit === 'seconds' && rough * MOST_TICKS > MINUTE ? TIME_STEPS.find((step) => step >= rough) : undefined;
  if (known !== undefined) {
    return known;
  }
  const day = TIME_STEPS.at(-1) as number;
  const base = unit === 'seconds' && rough > day ? day : 1;
  const magnitude = 10 ** Math.floor(Math.log10(rough / base));
  const step = (STEPS.find((factor) => factor * magnitude * base >= rough) ?? 10) * magnitude * base;
  return unit === 'whole number' ? Math.max(1, step) : step;
}
