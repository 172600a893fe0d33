import { showFigure, showSpread, type Spread } from './figures.js';

/** One line of benchmarks' goals, and how it came out. */
export interface Goal {
  readonly goal: string;
  readonly measured: string;
  readonly met: boolean;
  /** The rounds do not agree: the figures are too far apart for a verdict. */
  readonly unsure: boolean;
}

/** A ratio that must not exceed a limit; its median decides. */
export function atMost(goal: string, ratio: Spread, limit: number): Goal {
  return {
    goal,
    measured: showSpread(ratio),
    met: ratio.median <= limit,
    unsure: ratio.min <= limit && ratio.max > limit,
  };
}

/** A single figure that must stay below a limit. */
export function below(goal: string, value: number, limit: number): Goal {
  return { goal, measured: showFigure(value), met: value < limit, unsure: false };
}
