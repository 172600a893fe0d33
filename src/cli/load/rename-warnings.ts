import { nearestName } from '../../errors/nearest-name.js';
import { type GlobalOptions, printWarning, showCell } from '../output/output.js';

type Rename = ReadonlyMap<string, string>;

/**
 * Warns of new names in --rename that match no column.
 * @param known - field names accepted by `into`
 */
export function warnOfUnknownTargets(
  options: GlobalOptions,
  rename: Rename,
  into: string,
  known: ReadonlySet<string>,
): void {
  for (const [name, target] of rename) {
    if (!known.has(target)) {
      const nearest = nearestName(target, known);
      const proposal = nearest === undefined ? '' : `; did you mean ${nearest}?`;
      printWarning(
        options,
        showCell(`--rename ${name}=${target}: ${into} has no field ${target}; values go into extra${proposal}`),
      );
    }
  }
}

/**
 * Warns of old names in --rename that no record had.
 * @param unmet - these names
 */
export function warnOfUnmetRenames(options: GlobalOptions, rename: Rename, unmet: readonly string[]): void {
  unmet.forEach((name) =>
    printWarning(options, showCell(`--rename ${name}=${rename.get(name)}: no record has a field ${name}`)),
  );
}
