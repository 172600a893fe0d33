import { showFigure, showSpread, type Spread } from './figures.js';

/** One goal of the benchmarks, and its outcome. */
export interface Goal {
  readonly goal: string;
  readonly measured: string;
  /** Undefined if it was not measured. */
  readonly met: boolean | undefined;
  /** Undecided, because the rounds differ too much. */
  readonly unsure: boolean;
}

/** A figure with an upper limit, for example a ratio; the median decides. */
export function atMost(goal: string, figure: Spread | undefined, limit: number): Goal {
  return {
    goal,
    measured: showSpread(figure),
    met: figure && figure.median <= limit,
    unsure: figure !== undefined && figure.min <= limit && figure.max > limit,
  };
}

/** The same with a lower limit. */
export function atLeast(goal: string, figure: Spread | undefined, limit: number): Goal {
  return {
    goal,
    measured: showSpread(figure),
    met: figure && figure.median >= limit,
    unsure: figure !== undefined && figure.min < limit && figure.max >= limit,
  };
}

/** A single figure with an upper limit. */
export function below(goal: string, value: number, limit: number): Goal {
  return { goal, measured: showFigure(value), met: value < limit, unsure: false };
}
