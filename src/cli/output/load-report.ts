import type { UnknownFields } from '../../entities/index.js';
import type { BatchFailure, BatchLoadResult, HybridBatchResult, RejectSummary } from '../../results/load-result.js';
import type { HistoryEntry } from '../../stats/load-history.js';
import { COUNT_COLUMNS } from './count-columns.js';
import { type GlobalOptions, type Output, printResult, printTable, printWarning, showCell } from './output.js';

/** What the loads of the command line come to. */
export type AnyLoadResult = BatchLoadResult | HybridBatchResult;

/** Says, before the counts of a load whose key was completed before, that they are of then and not of now. */
export function printReplayed({ loadKey, finishedAt, source }: HistoryEntry): void {
  const origin = source === null ? '' : ` from ${showCell(source)}`;
  printResult(
    `Load key ${showCell(loadKey)} was completed on ${showCell(finishedAt)} UTC${origin}: nothing was done now. ` +
      'What it did then:',
  );
}

/** A key that was meant for another source would leave this one out in silence. */
export function warnOfOtherSource(options: GlobalOptions, { loadKey, source }: HistoryEntry, name: string): void {
  if (source !== null && source !== name) {
    const found = `load key ${loadKey} was completed from ${source}; ${name} was not read`;
    printWarning(options, showCell(`${found}. If it is another load, choose another key`));
  }
}

/** Prints what a load did, as tables. */
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
  if (foundAllInAlready(result)) {
    const others = result.rejected + result.skipped > 0 ? ', but for those rejected or skipped' : '';
    printResult(`Nothing was written: every record was in already${others}.`, output);
  }
}

/** Skipped records are no error; but where there is nothing else, it is hardly what was meant. */
export function warnWhenAllSkipped(options: GlobalOptions, result: AnyLoadResult): void {
  const { received, skipped, skippedReasons } = result;
  if (received === 0 || skipped < received) {
    return;
  }
  const lacking = Object.keys(skippedReasons).map((reason) => reason.replace(/^missing_/, ''));
  printWarning(
    options,
    `nothing was loaded: every record was skipped (${showReasons(skippedReasons)}). Where the file has ` +
      `${lacking.join(' and ')} under another name, say so by --rename <its name>=${lacking[0]}`,
  );
}

/** How many fields are named; `--json` has them all. */
const FIELDS_SHOWN = 10;

/** Prints which fields no column knew, the most frequent first. */
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
  printTable(
    ['position (from 0)', 'reason', 'column', 'why'],
    rejects.map(({ position, reason, column, message }) => [position, reason, column, message]),
    output,
  );
}

/** Says where the rejected records of a load are; not for a dry run, which keeps none. */
export function printWhereKept({ rejected, loadId }: AnyLoadResult): void {
  if (rejected > 0) {
    printResult(`Rejected records are kept in quarantine: harbor-storage rejects list --load ${loadId}`);
  }
}

function showReasons(reasons: Readonly<Record<string, number>>): string {
  return Object.entries(reasons)
    .map(([reason, count]) => `${reason} ${showCell(count)}`)
    .join(', ');
}

function tablesOf(result: AnyLoadResult) {
  return result.kind === 'hybrid' ? [result.opportunities, result.submissions] : [result];
}

function printCounts(result: AnyLoadResult, output?: Output): void {
  if (result.kind === 'hybrid') {
    const { received, stored, duplicates, skipped, rejected, failed } = result;
    printTable(
      ['hybrid records', 'stored', 'duplicates', 'skipped', 'rejected', 'failed'],
      [[received, stored, duplicates, skipped, rejected, failed]],
      output,
    );
  }
  const columns = result.disposition === 'replace' ? ([...COUNT_COLUMNS, 'deleted'] as const) : COUNT_COLUMNS;
  printTable(
    ['table', ...columns],
    tablesOf(result).map((counts) => [counts.table, ...columns.map((name) => counts[name])]),
    output,
  );
}

/** What is not this run's work. */
function printEarlier({ alreadyCompleted, received, receivedEarlier }: AnyLoadResult, output?: Output): void {
  if (!alreadyCompleted && receivedEarlier > 0) {
    const [earlier, all] = [receivedEarlier, received].map((count) => count.toLocaleString('en-US'));
    printResult(
      `Resumed: ${earlier} of ${all} records were dealt with by earlier runs. The counts are of all.`,
      output,
    );
  }
}

/** Without it, what one table skipped and the load did not would look like a loss. */
function printProfileOnly(result: AnyLoadResult, output?: Output): void {
  if (result.kind === 'table') {
    return;
  }
  const { opportunities, submissions } = result;
  const count = opportunities.skipped - result.skipped;
  if (count > 0) {
    const records =
      count === 1
        ? '1 record without a problem_description feeds'
        : `${count} records without a problem_description feed`;
    printResult(`${opportunities.table}: ${records} ${submissions.table} only`, output);
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

function foundAllInAlready(result: AnyLoadResult): boolean {
  const tables = tablesOf(result);
  return (
    !result.alreadyCompleted &&
    result.failed === 0 &&
    tables.some(({ unchanged }) => unchanged > 0) &&
    tables.every(({ inserted, updated, deleted }) => inserted + updated + deleted === 0)
  );
}
