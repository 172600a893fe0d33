import { type Reading, SourceRecord } from '../records/source-record.js';
import { type CsvForm, parseCsvRecord } from './csv/parse-csv-record.js';
import { UTF_8 } from './encoding.js';
import { jsonParser } from './json/parse-json-line.js';
import { renameFields } from './rename-fields.js';

/** Reads the bytes of one record in the same way as from its file. */
export function rereadRecord(raw: Buffer, reading: Reading): SourceRecord {
  const parse = parserFor(reading);
  return SourceRecord.unparsed(raw, () => renameFields(parse(raw), renamesOf(reading)), reading);
}

/** Parses records of a file, before their fields are renamed. */
export function parserFor(reading: Reading): (raw: Buffer) => SourceRecord {
  if (reading.format !== 'csv') {
    return jsonParser(reading.encoding);
  }
  const form = csvFormOf(reading);
  return (raw) => parseCsvRecord(raw, form);
}

/** Fields to rename, old name to new name. */
export function renamesOf({ rename = {} }: Reading): ReadonlyMap<string, string> {
  return new Map(Object.entries(rename));
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
