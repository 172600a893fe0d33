import { SourceRecord } from '../../records/source-record.js';
import { decode, type Encoding, rejectUndecodable } from '../encoding.js';
import { type Cell, type CellForm, parseCsvCells } from './parse-csv-cells.js';

/** How the records of a csv file are read. */
export interface CsvForm extends CellForm {
  readonly encoding: Encoding;
  readonly header: readonly string[];
}

/** Parses the bytes of one csv record. Never throws for invalid content: it returns a rejected record. */
export function parseCsvRecord(raw: Buffer, form: CsvForm): SourceRecord {
  const line = decode(raw, form.encoding);
  if (line === undefined) return rejectUndecodable(raw, form.encoding);
  const cells = parseCsvCells(line, form);
  if (cells === undefined) {
    const message = 'a quote is not closed, or does not enclose a whole cell (write a quote inside a cell as "")';
    return SourceRecord.rejected(raw, 'invalid_csv', message);
  }
  const { header } = form;
  if (cells.length !== header.length) {
    const message = `the record has ${cells.length} cells, but the header has ${header.length}`;
    return SourceRecord.rejected(raw, 'wrong_field_count', message);
  }
  const value: Record<string, Cell> = {};
  for (const [index, name] of header.entries()) {
    const cell = cells[index];
    if (cell === undefined) continue;
    if (name === '__proto__') {
      // Plain assignment of `__proto__` would set the prototype.
      Object.defineProperty(value, name, { value: cell, enumerable: true, configurable: true, writable: true });
    } else {
      value[name] = cell;
    }
  }
  return new SourceRecord(value, raw, undefined, true);
}
