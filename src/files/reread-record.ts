import { type Reading, SourceRecord } from '../records/source-record.js';
import { type CsvForm, parseCsvRecord } from './csv/parse-csv-record.js';
import { UTF_8 } from './encoding.js';
import { parseJsonRecord } from './parse-json-line.js';
import { renameFields } from './rename-fields.js';

/** Reads the bytes of one record in the same way as from its file. */
export function rereadRecord(raw: Buffer, reading: Reading): SourceRecord {
  const { format, encoding = UTF_8, rename = {} } = reading;
  const parse = (): SourceRecord =>
    format === 'csv' ? parseCsvRecord(raw, csvFormOf(reading)) : parseJsonRecord(raw, encoding);
  return SourceRecord.unparsed(raw, () => renameFields(parse(), new Map(Object.entries(rename))), reading);
}

/** How the records of a csv file were read. */
export function csvFormOf({ header = [], delimiter = ',', nullText, encoding = UTF_8 }: Reading): CsvForm {
  return { header, delimiter, nullText, encoding };
}

/** What is kept of how the records of a csv file are read: what is not usual. */
export function readingOf({ header, delimiter, nullText, encoding }: CsvForm): Partial<Reading> {
  return {
    header,
    ...(delimiter !== ',' && { delimiter }),
    ...(nullText !== undefined && { nullText }),
    ...(encoding !== UTF_8 && { encoding }),
  };
}
