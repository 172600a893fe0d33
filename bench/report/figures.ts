/** Median and range of several measurements. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Times of a contestant, by round. */
export interface Outcome {
  readonly label: string;
  /** How the contestant was used. */
  readonly how: string;
  readonly rows: number;
  readonly milliseconds: readonly number[];
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values) };
}

/** The smallest value not exceeded by this share of all; for an even number, no mean of two is used. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

/** Ratio of the times per row of two contestants, for each round, because conditions differ between rounds. */
export function ratioOf(one: Outcome, other: Outcome): Spread {
  return spreadOf(
    one.milliseconds.map((milliseconds, round) => {
      const others = (other.milliseconds[round] ?? NaN) / other.rows;
      return milliseconds / one.rows / others;
    }),
  );
}

export function microsecondsARow({ rows, milliseconds }: Outcome): Spread {
  return spreadOf(milliseconds.map((each) => (each * 1000) / rows));
}

/** `0.82 (0.79 to 0.90)` */
export function showSpread({ median, min, max }: Spread): string {
  return `${showFigure(median)} (${showFigure(min)} to ${showFigure(max)})`;
}

/** Three digits, the precision of a measurement. */
export function showFigure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}
