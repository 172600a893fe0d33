import type { Target } from '../model/load-job.js';
import { isDeletion, type LoadUnit } from '../model/load-unit.js';
import { foldUnits, splitIntoWaves } from './fold-duplicates.js';
import { hasOtherKey, refersToItself } from './write-order.js';

/**
 * Splits records, some of which delete their row, into waves of different keys: those of a wave all delete, or none does.
 * The records of a key are written in input order. Where rows may refer to each other, all records are. Elsewhere a wave that
 * deletes goes before others, so that the unique values of its rows are free.
 * @param mayFold - records of a key between two deletions may become one
 */
export function deletionWaves(targets: readonly Target[], units: readonly LoadUnit[], mayFold: boolean): LoadUnit[][] {
  if (refersToItself({ targets })) {
    return inInputOrder(units);
  }
  const runs = targets.some(hasOtherKey) ? untilDeletedAgain(units) : [units];
  return runs
    .flatMap((run) =>
      splitIntoWaves(run, (earlier, later) =>
        mayFold && !isDeletion(earlier) && !isDeletion(later) ? foldUnits(earlier, later, targets) : undefined,
      ),
    )
    .flatMap((wave) => [wave.filter(isDeletion), wave.filter((unit) => !isDeletion(unit))])
    .filter((wave) => wave.length > 0);
}

/**
 * Splits records, in input order, before each that deletes what an earlier one of its run writes, or writes what one deletes.
 * Other records may take a unique value that such a row gives up or takes, so they too keep their order.
 */
function untilDeletedAgain(units: readonly LoadUnit[]): LoadUnit[][] {
  const runs: LoadUnit[][] = [[]];
  const deletes = new Map<string | undefined, boolean>();
  for (const unit of units) {
    if (isDeletion(unit) ? deletes.has(unit.key) : deletes.get(unit.key) === true) {
      runs.push([]);
      deletes.clear();
    }
    deletes.set(unit.key, isDeletion(unit));
    runs.at(-1)?.push(unit);
  }
  return runs;
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
