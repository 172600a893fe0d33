/**
 * The cells of one csv record (RFC 4180): undefined for an empty cell, '' for a quoted empty cell.
 *
 * @returns undefined for invalid quotes: inside an unquoted cell, never closed, or followed by anything but a comma
 */
export function parseCsvCells(line: string): (string | undefined)[] | undefined {
  const cells: (string | undefined)[] = [];
  let at = 0;
  for (;;) {
    const quoted = line[at] === '"';
    const end = quoted ? findClosingQuote(line, at + 1) : findComma(line, at);
    if (end === -1) return undefined;
    if (quoted) {
      cells.push(line.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
    } else {
      const cell = line.slice(at, end);
      if (cell.includes('"')) return undefined;
      cells.push(cell === '' ? undefined : cell);
      at = end;
    }
    if (at === line.length) return cells;
    if (line[at] !== ',') return undefined;
    at++;
  }
}

function findComma(line: string, from: number): number {
  const comma = line.indexOf(',', from);
  return comma === -1 ? line.length : comma;
}

/** The next quote that is not doubled, or -1. */
function findClosingQuote(line: string, from: number): number {
  let quote = line.indexOf('"', from);
  while (quote !== -1 && line[quote + 1] === '"') quote = line.indexOf('"', quote + 2);
  return quote;
}
