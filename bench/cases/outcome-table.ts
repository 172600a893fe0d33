import type { CaseReport } from '../bench.js';
import { type Match, microsecondsARow, type Outcome, ratioOf, showSpread, spreadOf } from '../report/figures.js';

/**
 * The table of a match, with an explanation.
 * @param reference - ratios compare each time to the time of this contestant
 * @param name - its name in the table head
 */
export function outcomeTable(
  { outcomes, faults }: Match,
  reference: Outcome | undefined,
  name: string = reference?.label ?? '',
): Pick<CaseReport, 'head' | 'rows' | 'notes' | 'faults'> {
  const most = Math.max(...outcomes.map(({ rows }) => rows));
  const capped = outcomes.filter(({ rows }) => rows < most);
  const isWatched = outcomes.some(({ sent }) => sent.some((bytes) => bytes > 0));
  return {
    head: [
      '',
      'rows',
      'rows/s',
      'µs a row',
      ...(reference ? [`${name} ÷ it`] : []),
      ...(isWatched ? ['bytes sent a row'] : []),
      'how',
    ],
    rows: outcomes.map((outcome) => {
      const time = microsecondsARow(outcome);
      return [
        outcome.label,
        outcome.rows,
        Math.round(1_000_000 / time.median),
        showSpread(time),
        ...(reference ? [outcome === reference ? '' : showSpread(ratioOf(reference, outcome))] : []),
        ...(isWatched ? [showSpread(spreadOf(outcome.sent.map((bytes) => bytes / outcome.rows)))] : []),
        outcome.how,
      ];
    }),
    notes: capped.map(
      ({ label, rows }) =>
        `${label}: measured on ${rows.toLocaleString('en-US')} rows; ratios are those of the time a row.`,
    ),
    faults,
  };
}
