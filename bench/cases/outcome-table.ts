import type { CaseReport } from '../bench.js';
import { microsecondsARow, type Outcome, ratioOf, showSpread } from '../report/figures.js';

/**
 * The table of a match, with an explanation.
 * @param reference - ratios compare each time to the time of this contestant
 * @param name - its name in the table head
 */
export function outcomeTable(
  outcomes: readonly Outcome[],
  reference: Outcome | undefined,
  name: string = reference?.label ?? '',
): Pick<CaseReport, 'head' | 'rows' | 'notes'> {
  const most = Math.max(...outcomes.map(({ rows }) => rows));
  const capped = outcomes.filter(({ rows }) => rows < most);
  return {
    head: ['', 'rows', 'rows/s', 'µs a row', ...(reference ? [`${name} ÷ it`] : []), 'how'],
    rows: outcomes.map((outcome) => {
      const time = microsecondsARow(outcome);
      return [
        outcome.label,
        outcome.rows,
        Math.round(1_000_000 / time.median),
        showSpread(time),
        ...(reference ? [outcome === reference ? '' : showSpread(ratioOf(reference, outcome))] : []),
        outcome.how,
      ];
    }),
    notes: capped.map(
      ({ label, rows }) =>
        `${label}: measured on ${rows.toLocaleString('en-US')} rows; ratios are those of the time a row.`,
    ),
  };
}
