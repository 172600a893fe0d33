import { nearestName } from './nearest-name.js';
import { type GlobalOptions, printWarning, showCell } from '../output/output.js';

type Rename = ReadonlyMap<string, string>;

/**
 * Says which fields --rename would make that no column takes.
 * @param known - names of fields that `into` takes
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
        showCell(`--rename ${name}=${target}: ${into} has no field ${target}, so it goes into extra${proposal}`),
      );
    }
  }
}

/**
 * Says which fields --rename names that no record had.
 * @param unmet - their names before they are renamed
 */
export function warnOfUnmetRenames(options: GlobalOptions, rename: Rename, unmet: readonly string[]): void {
  unmet.forEach((name) =>
    printWarning(
      options,
      showCell(`--rename ${name}=${rename.get(name)}: no record that was read has a field ${name}`),
    ),
  );
}
