/** What the cells of a csv record look like. */
export interface CellForm {
  readonly delimiter: string;
  /** An unquoted cell with this text is null. */
  readonly nullText?: string | undefined;
}

/** A cell: undefined if empty, '' if quoted and empty, null if it is the null text. */
export type Cell = string | null | undefined;

/**
 * The cells of one csv record (RFC 4180).
 *
 * @returns undefined for invalid quotes: inside an unquoted cell, never closed, or followed by anything but a delimiter
 */
export function parseCsvCells(line: string, { delimiter, nullText }: CellForm): Cell[] | undefined {
  const cells: Cell[] = [];
  let at = 0;
  for (;;) {
    const quoted = line[at] === '"';
    const end = quoted ? findClosingQuote(line, at + 1) : findDelimiter(line, delimiter, at);
    if (end === -1) return undefined;
    if (quoted) {
      cells.push(line.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
    } else {
      const cell = line.slice(at, end);
      if (cell.includes('"')) return undefined;
      cells.push(unquotedCell(cell, nullText));
      at = end;
    }
    if (at === line.length) return cells;
    if (line[at] !== delimiter) return undefined;
    at++;
  }
}

function unquotedCell(cell: string, nullText: string | undefined): Cell {
  if (cell === nullText) return null;
  return cell === '' ? undefined : cell;
}

function findDelimiter(line: string, delimiter: string, from: number): number {
  const at = line.indexOf(delimiter, from);
  return at === -1 ? line.length : at;
}

/** The next quote that is not doubled, or -1. */
function findClosingQuote(line: string, from: number): number {
  let quote = line.indexOf('"', from);
  while (quote !== -1 && line[quote + 1] === '"') quote = line.indexOf('"', quote + 2);
  return quote;
}
