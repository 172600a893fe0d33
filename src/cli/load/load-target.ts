import { HYBRID } from '../../entities/index.js';
import { pathOf } from '../../schema/table/entity-metadata.js';
import { dataTables } from '../context/data-tables.js';
import type { Storage } from '../context/storage-context.js';
import { UsageError } from '../usage-error.js';
import { nearestName } from '../../errors/nearest-name.js';

/** Tables of this package. */
const OWN_TARGETS = ['app_opportunities', 'submissions', HYBRID];

/** Checks what --into names, where it can only be a table of this package. @throws UsageError */
export function checkOwnTarget(into: string): void {
  if (!OWN_TARGETS.includes(into)) {
    throw unknownTarget(into, OWN_TARGETS, OWN_TARGETS, '. For your own entities, add --data-source <file>');
  }
}

/** Checks what --into names: a table, with its schema or without, or an entity. @throws UsageError */
export function checkTarget({ dataSource }: Storage, into: string): void {
  const tables = dataTables(dataSource);
  const names = tables.flatMap((metadata) => [metadata.tableName, metadata.name, pathOf(metadata)]);
  if (![...names, HYBRID].includes(into)) {
    throw unknownTarget(into, [...names, HYBRID], [...tables.map(({ tableName }) => tableName), HYBRID], '');
  }
}

function unknownTarget(into: string, names: readonly string[], shown: readonly string[], advice: string): UsageError {
  const nearest = nearestName(into, names);
  const proposal = nearest === undefined ? '.' : `; did you mean ${nearest}?`;
  return new UsageError(
    `--into: no table or entity ${JSON.stringify(into)}${proposal} Allowed choices: ${shown.join(', ')}${advice}`,
  );
}
