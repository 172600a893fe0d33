import { mayHideFault } from '../isolate/write-folded.js';
import { arrange } from '../isolate/write-units.js';
import { hasLooseKey } from '../merge/identify-keys.js';
import { repeatedRow, withoutSharedRows } from '../merge/shared-rows.js';
import type { LoadJob } from '../model/load-job.js';
import { type LoadUnit, rowsFor } from '../model/load-unit.js';
import type { PreparedBatch } from '../read/batch-builder.js';
import { COPY_FROM_ROWS } from '../model/row.js';
import { charactersIn, COPY_FROM_CHARACTERS } from '../write/write-rows.js';

/** Such rows are never copied straight into their table, and arrays bring so many sooner than COPY and a merge do. */
const MAX_RETURNED_ROWS = 1_001;

/**
 * Whether one statement does to these records what a load does in several: a small load, but no replace, in its own transaction,
 * without a load key, that deletes nothing, into tables that are not distributed and whose constraints are all checked when the
 * statement ends. It tells what became of the rows of one table at most.
 * @param records - an array can be read again, should the statement not be enough
 */
export function mayPipeline({ options, targets }: LoadJob, records: object): boolean {
  return (
    Array.isArray(records) &&
    records.length > 0 &&
    records.length < (targets.some(({ returned }) => returned !== undefined) ? MAX_RETURNED_ROWS : COPY_FROM_ROWS) &&
    options.disposition !== 'replace' &&
    options.loadKey === undefined &&
    options.deleteWhen === undefined &&
    targets.every(({ plan: { live } }) => live.deferrable.length === 0 && live.kind.distribution === null) &&
    (targets.length === 1 ||
      targets.every(({ plan, returned }) => areRowsIndependent(plan.live) && returned === undefined))
  );
}

/** One statement fires the triggers of all tables at its end; these must not see one table written and the other not. */
function areRowsIndependent({ references, kind }: LoadJob['targets'][number]['plan']['live']): boolean {
  return references.length === 0 && kind.partitionKey === null && kind.children.length === 0;
}

/**
 * The units of a batch as one statement can write them; undefined when it takes several to tell which records are
 * duplicates, or which of them are at fault.
 */
export function unitsToPipeline(job: LoadJob, { units, rejected }: PreparedBatch): readonly LoadUnit[] | undefined {
  const mayMeet = job.options.disposition !== 'append' && (units.length > 1 || job.hasKeysApart);
  if (rejected.length > job.options.maxRejects || (mayMeet && hasLooseKey(job))) {
    return undefined;
  }
  const waves = arrange(job, units);
  const [wave = []] = waves;
  if (
    waves.length > 1 ||
    wave.some((unit) => mayHideFault(unit) || repeatedRow(unit) !== undefined) ||
    isLarge(job, wave)
  ) {
    return undefined;
  }
  return withoutSharedRows(job, wave);
}

function isLarge({ targets }: LoadJob, units: readonly LoadUnit[]): boolean {
  const rows = targets.flatMap((_, index) => rowsFor(units, index));
  return charactersIn(rows) > COPY_FROM_CHARACTERS;
}
