import { isMultiByte } from '../../files/encoding.js';
import { detectFormat } from '../../files/open-source.js';
import type { ReadRecordsOptions } from '../../files/read-records.js';
import type { ReadingFlags } from '../flags/reading-flags.js';
import { UsageError } from '../usage-error.js';

/** How the file of a load is read. */
export type FileReading = Pick<ReadRecordsOptions, 'format' | 'encoding' | 'csv' | 'rename'>;

/**
 * How a file is read by these options.
 * @throws UsageError when options contradict each other or the format
 */
export function readingOfFile(file: string, flags: ReadingFlags): FileReading {
  const { encoding, delimiter, null: nullText, skipLines, rename } = flags;
  const format = flags.format ?? detectFormat(file);
  if (format === undefined) {
    throw unknownFormat(file);
  }
  const csv = { delimiter, nullText, skipLines };
  const csvFlag = Object.entries({ '--delimiter': delimiter, '--null': nullText, '--skip-lines': skipLines }).find(
    ([, value]) => value !== undefined,
  );
  if (format !== 'csv' && csvFlag !== undefined) {
    throw new UsageError(`${csvFlag[0]} is for csv files, not for ${format}`);
  }
  if (delimiter !== undefined && nullText?.includes(delimiter) === true) {
    throw new UsageError('The text of --null must not contain the delimiter');
  }
  if (encoding !== undefined && isMultiByte(encoding) && (format === 'json' || isAmbiguous(delimiter))) {
    const what = format === 'json' ? 'json' : `csv with the delimiter ${delimiter}`;
    throw new UsageError(`Cannot read ${what} in ${encoding}: convert the file to UTF-8`);
  }
  return { format, encoding, rename, ...(format === 'csv' && { csv }) };
}

/** What of it makes a load of the same file a different load, as texts; undefined if nothing does. */
export function sourceFormOf({
  format,
  encoding,
  csv,
  rename,
}: FileReading): Readonly<Record<string, string>> | undefined {
  const renames = [...(rename ?? [])].map(([name, target]) => `${name}=${target}`);
  const given = Object.entries({
    // What is usual is left out.
    format: format === 'jsonl' ? undefined : format,
    encoding,
    delimiter: csv?.delimiter,
    null: csv?.nullText,
    skipLines: csv?.skipLines === undefined ? undefined : String(csv.skipLines),
    rename: renames.length > 0 ? renames.sort().join(',') : undefined,
  }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}

/** Later bytes of a character in these encodings are letters, brackets or a bar, or digits. */
function isAmbiguous(delimiter: string | undefined): boolean {
  return delimiter !== undefined && /[0-9@-~]/.test(delimiter);
}

function unknownFormat(file: string): UsageError {
  return new UsageError(
    file === '-'
      ? 'Standard input needs --format jsonl, json or csv'
      : `Unknown format of ${file}: add --format jsonl, json or csv`,
  );
}
