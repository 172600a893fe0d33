import { showFigure, showSpread, type Spread } from './figures.js';

/** One goal of the benchmarks, and its outcome. */
export interface Goal {
  readonly goal: string;
  readonly measured: string;
  readonly met: boolean;
  /** Undecided, because the rounds differ too much. */
  readonly unsure: boolean;
}

/** A ratio with an upper limit; the median decides. */
export function atMost(goal: string, ratio: Spread, limit: number): Goal {
  return {
    goal,
    measured: showSpread(ratio),
    met: ratio.median <= limit,
    unsure: ratio.min <= limit && ratio.max > limit,
  };
}

/** A single figure with an upper limit. */
export function below(goal: string, value: number, limit: number): Goal {
  return { goal, measured: showFigure(value), met: value < limit, unsure: false };
}
