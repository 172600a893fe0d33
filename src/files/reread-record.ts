import { type Reading, SourceRecord } from '../records/source-record.js';
import { parseCsvRecord } from './csv-reader.js';
import { parseJsonRecord } from './parse-json-line.js';
import { renameFields } from './rename-fields.js';

/** Reads the bytes of one record in the same way as from its file. */
export function rereadRecord(raw: Buffer, reading: Reading): SourceRecord {
  const { format, header = [], rename = {} } = reading;
  const parse = (): SourceRecord => (format === 'csv' ? parseCsvRecord(raw, header) : parseJsonRecord(raw));
  return SourceRecord.unparsed(raw, () => renameFields(parse(), new Map(Object.entries(rename))), reading);
}
