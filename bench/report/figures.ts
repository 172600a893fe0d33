/** The middle of several measurements, and how far they reach. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** How long a contestant took, round by round. */
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

/** The smallest value that so large a share of all does not exceed; of an even number, no mean of two is taken. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

/** The time a row of one contestant in that of another, in each round: they had the same weather. */
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

/** Three digits, and no more than a measurement is worth. */
export function showFigure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}
