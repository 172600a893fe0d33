import { parseCsvCells } from '../../files/csv/parse-csv-cells.js';
import { decode, UTF_8 } from '../../files/encoding.js';
import { csvFormOf } from '../../files/reread-record.js';
import type { Reading } from '../../records/source-record.js';
import { printResult } from './output.js';
import { visibleInLine } from '../../errors/visible.js';

/**
 * Prints the bytes of a rejected record: of csv each cell with its name, of anything else the text.
 * @param reading - how the bytes were read; null for a record passed as an object
 */
export function printRecord(raw: Buffer, reading: Reading | null): void {
  const text = decode(raw, reading?.encoding ?? UTF_8);
  const form = reading?.format === 'csv' ? csvFormOf(reading) : undefined;
  const cells = form && text !== undefined ? parseCsvCells(text, form) : undefined;
  if (form === undefined || cells === undefined) {
    if (form !== undefined) {
      printResult(`Header: ${visibleInLine(form.header.join(form.delimiter))}`);
    }
    printResult(text ?? raw.toString());
    return;
  }
  const names = form.header.map(visibleInLine);
  const width = Math.max(...names.map((name) => name.length));
  for (let at = 0; at < Math.max(names.length, cells.length); at++) {
    printResult(`${(names[at] ?? '(no name)').padEnd(width)}  ${showCsvCell(cells, at)}`);
  }
}

function showCsvCell(cells: readonly (string | null | undefined)[], at: number): string {
  const cell = cells[at];
  if (cell === null) {
    return '(null)';
  }
  return cell === undefined ? (at < cells.length ? '(empty)' : '(no cell)') : visibleInLine(cell);
}
