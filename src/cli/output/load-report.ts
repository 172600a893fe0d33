import type { UnknownFields } from '../../entities/index.js';
import type { RejectLimitExceededError } from '../../errors/index.js';
import type { BatchFailure, RejectSummary, ShardReport } from '../../results/load-result.js';
import type { ReplayResult } from '../../results/replay-result.js';
import type { StoppedResult } from '../../results/stopped-result.js';
import type { HistoryEntry } from '../../stats/load-history.js';
import { commandFor } from '../../schema/table/migrate-command.js';
import { countColumnsOf } from './count-columns.js';
import { type GlobalOptions, type Output, printResult, printTable, printWarning, showCell } from './output.js';

/** Result of any load. */
export type AnyLoadResult = Exclude<StoppedResult, ReplayResult>;

/** Says that the load key was completed earlier, and that the counts are from then. */
export function printAlreadyCompleted(
  { loadKey, finishedAt, source, status }: HistoryEntry,
  shard?: ShardReport,
): void {
  const origin = source === null ? '' : ` from ${showCell(source)}`;
  const when = status !== 'completed' ? '' : ` on ${showCell(finishedAt)} UTC`;
  const what = `${shard === undefined ? 'Load' : `Shard ${shard.index}/${shard.count} of load`} key ${showCell(loadKey)}`;
  printResult(`${what} already completed${when}${origin}: nothing was executed. Result of the earlier load:`);
}

/** Warns when the completed load key belongs to another source: this one was not loaded. */
export function warnOfOtherSource(options: GlobalOptions, { loadKey, source }: HistoryEntry, name: string): void {
  if (source !== null && source !== name) {
    const found = `load key ${loadKey} already completed from ${source}; ${name} was not read`;
    printWarning(options, showCell(`${found}. For a different load, use another key.`));
  }
}

/** Prints the result of a load as tables. */
export function printLoadResult(result: AnyLoadResult, output?: Output): void {
  printCounts(result, output);
  const skipped = showReasons(result.skippedReasons);
  if (skipped !== '') {
    printResult(`Skipped: ${skipped}`, output);
  }
  printProfileOnly(result, output);
  const dropped = Object.keys(result.discardedFields).length > 0;
  printUnknownFields(result.unknownFields, dropped ? 'discard' : 'capture', output);
  printRejects(result, output);
  printFailures(result.failures, output);
  printEarlier(result, output);
  if (isUnchanged(result)) {
    const others = result.rejected + result.skipped > 0 ? 'other ' : '';
    const state = result.disposition === 'insert' ? 'stored' : 'up to date';
    printResult(`No changes: all ${others}records already ${state}`, output);
  }
}

/** Maximum number of fields printed; `--json` has all. */
const FIELDS_SHOWN = 10;

/** Prints fields without a column, most frequent first. */
export function printUnknownFields(
  fields: Readonly<Record<string, number>>,
  policy: UnknownFields,
  output?: Output,
): void {
  const sorted = Object.entries(fields).sort(([, a], [, b]) => b - a);
  if (sorted.length === 0) {
    return;
  }
  const named = sorted.slice(0, FIELDS_SHOWN).map(([name, count]) => `${showCell(name)} ${showCell(count)}`);
  const more = sorted.length > FIELDS_SHOWN ? `, and ${sorted.length - FIELDS_SHOWN} more` : '';
  const fate = policy === 'discard' ? 'dropped' : 'captured into extra';
  printResult(`Fields without a column, ${fate}: ${named.join(', ')}${more}`, output);
}

/** Prints the first rejected records of a load. */
export function printRejects(
  { rejects, rejected }: { readonly rejects: readonly RejectSummary[]; readonly rejected: number },
  output?: Output,
): void {
  if (rejects.length === 0) {
    return;
  }
  printResult(`Rejected: ${rejected}.${rejected > rejects.length ? ` The first ${rejects.length}:` : ''}`, output);
  printReasons(rejects, output);
}

/** Prints the rejected records of a batch that was rolled back, and how to load the others. */
export function printRolledBackRejects({ rejects }: RejectLimitExceededError, output: Output): void {
  if (rejects.length > 0) {
    printResult('Rejected in the batch that was rolled back, so not in quarantine:', output);
    printReasons(rejects, output);
  }
  printResult('To load the other records, run again with a higher --max-rejects.', output);
}

function printReasons(rejects: readonly RejectSummary[], output?: Output): void {
  printTable(
    ['position (from 0)', 'reason', 'column', 'why'],
    rejects.map(({ position, reason, column, message }) => [position, reason, column, message]),
    output,
  );
}

/** Prints how to list the rejected records; not for a dry run, which keeps none. */
export function printQuarantineHint({ rejected, loadId }: AnyLoadResult, { dataSource }: GlobalOptions): void {
  if (rejected > 0) {
    const list = commandFor(`rejects list --load ${loadId}`, dataSource);
    printResult(`Rejected records are in quarantine. List them: ${list}`);
  }
}

function showReasons(reasons: Readonly<Record<string, number>>): string {
  return Object.entries(reasons)
    .map(([reason, count]) => `${reason} ${showCell(count)}`)
    .join(', ');
}

function tablesOf(result: AnyLoadResult) {
  switch (result.kind) {
    case 'hybrid':
      return [result.opportunities, result.submissions];
    case 'combined':
      return Object.values(result.tables);
    default:
      return [result];
  }
}

function printCounts(result: AnyLoadResult, output?: Output): void {
  if (result.kind !== 'table') {
    const { kind, received, stored, duplicates, skipped, rejected, failed } = result;
    printTable(
      [`${kind} records`, 'stored', 'duplicates', 'skipped', 'rejected', 'failed'],
      [[received, stored, duplicates, skipped, rejected, failed]],
      output,
    );
  }
  const tables = tablesOf(result);
  const removed = tables.some((counts) => counts.removed > 0) ? (['removed'] as const) : [];
  const columns = [...countColumnsOf(tables), ...removed];
  printTable(
    ['table', ...columns],
    tables.map((counts) => [counts.table, ...columns.map((name) => counts[name])]),
    output,
  );
}

/** Prints how many records earlier runs of this load processed. */
function printEarlier({ alreadyCompleted, received, receivedEarlier }: AnyLoadResult, output?: Output): void {
  if (!alreadyCompleted && receivedEarlier > 0) {
    const [earlier, all] = [receivedEarlier, received].map((count) => count.toLocaleString('en-US'));
    printResult(`Resumed: earlier runs processed ${earlier} of ${all} records. The counts include them.`, output);
  }
}

/** Explains why the two tables of a hybrid load skipped different numbers of records. */
function printProfileOnly(result: AnyLoadResult, output?: Output): void {
  if (result.kind !== 'hybrid') {
    return;
  }
  const { opportunities, submissions } = result;
  const count = opportunities.skipped - result.skipped;
  if (count > 0) {
    const records =
      count === 1
        ? '1 record without problem_description was written'
        : `${count} records without problem_description were written`;
    printResult(`${opportunities.table}: ${records} to ${submissions.table} only`, output);
  }
}

function printFailures(failures: readonly BatchFailure[], output?: Output): void {
  if (failures.length === 0) {
    return;
  }
  printResult(`Failed batches: ${failures.length}`, output);
  printTable(
    ['batch', 'position (from 0)', 'records', 'reason', 'why'],
    failures.map(({ batchNo, firstPosition, records, code, message }) => [
      batchNo,
      firstPosition,
      records,
      code,
      message,
    ]),
    output,
  );
}

function isUnchanged(result: AnyLoadResult): boolean {
  const tables = tablesOf(result);
  return (
    !result.alreadyCompleted &&
    result.failed === 0 &&
    tables.some(({ unchanged }) => unchanged > 0) &&
    tables.every(({ inserted, updated, deleted, removed }) => inserted + updated + deleted + removed === 0)
  );
}
