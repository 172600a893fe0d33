import { copyField } from '../../src/postgres/copy-text.js';
import { type BenchRecord, textOf } from './data.js';
import type { BenchTable } from '../report/table.js';

const CHUNK_CHARACTERS = 64 * 1024;

/** Records in COPY's text format, in chunks. */
export function* copyLines({ columns }: BenchTable, records: Iterable<BenchRecord>): Generator<string> {
  let chunk = '';
  for (const record of records) {
    chunk += `${columns.map(({ name, type }) => copyField(textOf(type, record[name]))).join('\t')}\n`;
    if (chunk.length >= CHUNK_CHARACTERS) {
      yield chunk;
      chunk = '';
    }
  }
  if (chunk !== '') {
    yield chunk;
  }
}
