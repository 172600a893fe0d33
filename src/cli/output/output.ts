import { createRequire } from 'node:module';

import type Table from 'cli-table3';

import { visible, visibleInLine, visibleJson } from '../../errors/visible.js';

/** Options of every command. */
export interface GlobalOptions {
  readonly url?: string;
  /** A module that exports the application's DataSource. */
  readonly dataSource?: string;
  readonly embedded?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** Results go to stdout, everything else to stderr. */
export type Output = NodeJS.WriteStream;

export function printResult(text: string, output: Output = process.stdout): void {
  output.write(`${visible(text)}\n`);
}

/** Prints one JSON object, the only output on stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${visibleJson(JSON.stringify(value))}\n`);
}

export function printMessage(options: GlobalOptions, text: string): void {
  if (options.quiet !== true) {
    printResult(text, process.stderr);
  }
}

/** Prints a warning: a possible mistake that is no error. */
export function printWarning(options: GlobalOptions, text: string): void {
  printMessage(options, `warning: ${text}`);
}

/** Only a rule below the head: the narrowest table. */
const NO_FRAME = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((place) => [place, '']),
);
const PADDING = 2;
/** Minimum width of the last column on narrow terminals. */
const LEAST_LAST_WIDTH = 24;

const require = createRequire(import.meta.url);

/** Prints a table. On a narrow terminal, the last column wraps. */
export function printTable(
  head: readonly string[],
  rows: readonly (readonly unknown[])[],
  output: Output = process.stdout,
): void {
  const cells = rows.map((row) => row.map(showCell));
  // Loaded when a table is printed: it takes longer to load than the rest of this folder.
  const TablePrinter = require('cli-table3') as typeof Table;
  const table = new TablePrinter({
    head: [...head],
    chars: NO_FRAME,
    // No colours: they would end up in files and pipes.
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': PADDING },
    colAligns: head.map((_, column) => (rows.some((row) => typeof row[column] === 'number') ? 'right' : 'left')),
    colWidths: output.isTTY ? fittingWidths([head, ...cells], output.columns) : [],
    wordWrap: true,
  });
  table.push(...cells);
  printResult(table.toString().replace(/ +$/gm, ''), output);
}

function fittingWidths(lines: readonly (readonly string[])[], columns: number): number[] {
  const widths = (lines[0] ?? []).map(
    (_, column) => PADDING + Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const last = widths.pop() ?? 0;
  const left = columns - widths.reduce((sum, width) => sum + width, 0);
  return [...widths, Math.min(last, Math.max(left, LEAST_LAST_WIDTH))];
}

/** Formats a value for the terminal. */
export function showCell(value: unknown): string {
  if (value === null || value === undefined) {
    return '';
  }
  if (value instanceof Date) {
    return value.toISOString().slice(0, 'YYYY-MM-DDThh:mm:ss'.length).replace('T', ' ');
  }
  return typeof value === 'number' ? value.toLocaleString('en-US') : visibleInLine(String(value));
}

/** Formats a share in percent, truncated: 100 % means all. */
export function showShare(share: number, digits: number): string {
  const unit = 10 ** digits;
  return `${(Math.floor(share * 100 * unit) / unit).toFixed(digits)} %`;
}
