import type { BenchTable } from '../report/table.js';
import { type BenchRecord, textOf } from './data.js';

/** How a null is written: an empty field would be an empty text. */
export const CSV_NULL = 'NULL';

/** Records as CSV with a head. */
export function* csvLines({ columns }: BenchTable, records: Iterable<BenchRecord>): Generator<string> {
  yield `${columns.map(({ name }) => name).join(',')}\n`;
  for (const record of records) {
    yield `${columns.map(({ name, type }) => field(textOf(type, record[name]))).join(',')}\n`;
  }
}

function field(text: string | null): string {
  return text === null ? CSV_NULL : `"${text.replaceAll('"', '""')}"`;
}
