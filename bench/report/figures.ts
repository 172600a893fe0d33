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
  /** Bytes it sent to the server, by round; 0 where the network is not watched. */
  readonly sent: readonly number[];
}

/** What contestants did in turn. */
export interface Match {
  /** Of those that took part to the end. */
  readonly outcomes: readonly Outcome[];
  /** Why others did not. */
  readonly faults: readonly string[];
}

/** The outcome of a contestant, if it took part to the end. */
export function outcomeOf({ outcomes }: Match, label: string): Outcome | undefined {
  return outcomes.find((outcome) => outcome.label === label);
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values) };
}

/** The smallest value not exceeded by this share of all; for an even number, no mean of two is used. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

/**
 * Ratio of the times per row of two contestants, for each round, because conditions differ between rounds; undefined if one
 * of them is missing.
 */
export function ratioOf(one: Outcome | undefined, other: Outcome | undefined): Spread | undefined {
  if (one === undefined || other === undefined) {
    return undefined;
  }
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
export function showSpread(spread: Spread | undefined): string {
  if (spread === undefined) {
    return 'not measured';
  }
  const { median, min, max } = spread;
  return `${showFigure(median)} (${showFigure(min)} to ${showFigure(max)})`;
}

/** Three digits, the precision of a measurement. */
export function showFigure(value: number): string {
  if (value === 0) {
    return '0';
  }
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}
