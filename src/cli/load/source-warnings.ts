import type { CsvFindings } from '../../files/record-findings.js';
import type { AnyLoadResult } from '../output/load-report.js';
import { type GlobalOptions, printWarning, showCell } from '../output/output.js';

/** Names of a header that are printed. */
const NAMES_SHOWN = 5;

/** Whether a load had records and every one was skipped: probably a mistake. */
export function skippedEverything({ received, skipped }: AnyLoadResult): boolean {
  return received > 0 && skipped === received;
}

/**
 * Warns of what was probably wrong with the file when nothing was loaded, most likely cause first.
 * @param known - field names accepted by `into`
 * @param findings - of a csv file
 */
export function warnWhenNothingLoaded(
  options: GlobalOptions,
  result: AnyLoadResult,
  into: string,
  known: ReadonlySet<string>,
  findings: CsvFindings | undefined,
): void {
  const { received, skipped, rejected, skippedReasons } = result;
  if (received === 0 || skipped + rejected < received) {
    return;
  }
  const cause = findings === undefined ? undefined : likelyCause(findings, into, known);
  if (cause !== undefined) {
    printWarning(options, showCell(`nothing was loaded: ${cause}`));
  } else if (skipped === received) {
    const reasons = Object.entries(skippedReasons).map(([reason, count]) => `${reason} ${showCell(count)}`);
    const lacking = Object.keys(skippedReasons)
      .filter((reason) => reason.startsWith('missing_'))
      .map((reason) => reason.replace('missing_', ''));
    const advice =
      lacking.length === 0
        ? ''
        : `. If the file has ${lacking.join(' and ')} under another name, add --rename <name>=${lacking[0]}`;
    printWarning(options, `nothing was loaded: all records were skipped (${reasons.join(', ')})${advice}`);
  }
}

/** Warns of cells that mean null elsewhere. */
export function warnOfNullText(options: GlobalOptions, findings: CsvFindings | undefined): void {
  if (findings?.hasNullText === true) {
    printWarning(
      options,
      String.raw`some cells are the text \N. If that means null, load the file again with --null '\N'`,
    );
  }
}

function likelyCause(
  { header, delimiter, headerLine }: CsvFindings,
  into: string,
  known: ReadonlySet<string>,
): string | undefined {
  if (header === undefined || header.some((name) => known.has(name))) {
    return undefined;
  }
  if (headerLine !== undefined) {
    return `line ${headerLine} looks like the header, not the first one. Add --skip-lines ${headerLine - 1}`;
  }
  if (header.length === 1 && delimiter === ',') {
    return (
      `the header has a single name, which ${into} does not know. If cells are not separated by commas, add ` +
      '--delimiter; if the file has no header line, add one'
    );
  }
  const names = header.slice(0, NAMES_SHOWN).join(', ') + (header.length > NAMES_SHOWN ? ', …' : '');
  return (
    `${into} knows no name in the header (${names}). If the file has no header line, add one; if it has other names, ` +
    'add --rename <name>=<column>; if lines precede the header, add --skip-lines'
  );
}
