import type { Target } from '../model/load-job.js';
import { isDeletion, type LoadUnit } from '../model/load-unit.js';
import { foldUnits, splitIntoWaves } from './fold-duplicates.js';
import { hasOtherKey, refersToItself } from './write-order.js';

/**
 * Splits records, some of which delete their row, into waves of different keys: those of a wave all delete, or none does.
 * The records of a key are written in input order. Where rows may refer to each other, or take each other's unique values,
 * all records are.
 * @param mayFold - records of a key between two deletions may become one
 */
export function deletionWaves(targets: readonly Target[], units: readonly LoadUnit[], mayFold: boolean): LoadUnit[][] {
  if (refersToItself({ targets }) || targets.some(hasOtherKey)) {
    return inInputOrder(units);
  }
  return splitIntoWaves(units, (earlier, later) =>
    mayFold && !isDeletion(earlier) && !isDeletion(later) ? foldUnits(earlier, later, targets) : undefined,
  )
    .flatMap((wave) => [wave.filter(isDeletion), wave.filter((unit) => !isDeletion(unit))])
    .filter((wave) => wave.length > 0);
}

function inInputOrder(units: readonly LoadUnit[]): LoadUnit[][] {
  const waves: LoadUnit[][] = [];
  const keys = new Set<string | undefined>();
  let deletes: boolean | undefined;
  for (const unit of units) {
    if (deletes !== isDeletion(unit) || keys.has(unit.key)) {
      waves.push([]);
      keys.clear();
    }
    deletes = isDeletion(unit);
    keys.add(unit.key);
    waves.at(-1)?.push(unit);
  }
  return waves;
}
