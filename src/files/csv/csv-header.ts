import { StorageError } from '../../errors/storage-error.js';
import { decode, type Encoding, isMultiByte, undecodable } from '../encoding.js';
import { parseCsvCells } from './parse-csv-cells.js';

/** Delimiters that a header can show by itself, in the order of RFC 4180 and of habit. */
const CANDIDATES = [',', ';', '\t', '|'] as const;

/** The first line that Excel reads as the delimiter of the file. */
const SEPARATOR_LINE = /^"?sep=([\t !#-~])"?$/i;

/** The delimiters that may be meant in a file of this encoding. */
export function candidateDelimiters(encoding: Encoding): readonly string[] {
  return CANDIDATES.filter((candidate) => candidate !== '|' || !isMultiByte(encoding));
}

/** The delimiter that a line `sep=;` names; undefined for any other line. */
export function delimiterOfSeparatorLine(line: string): string | undefined {
  return SEPARATOR_LINE.exec(line)?.[1];
}

/**
 * The delimiter of a header line. Anything but a comma is recognised only when it alone splits the line into names, one
 * of which is known, so that a file of commas is never taken for another.
 */
export function recogniseDelimiter(line: string, encoding: Encoding, known: ReadonlySet<string>): string {
  const fitting = candidateDelimiters(encoding).filter((delimiter) => {
    const names = namesIn(line, delimiter);
    return names !== undefined && hasKnownName(names, known);
  });
  const [first, ...others] = fitting;
  return first === undefined || others.length > 0 ? ',' : first;
}

/** Whether a line has a known name, by any of the delimiters. */
export function looksLikeHeader(line: string, encoding: Encoding, known: ReadonlySet<string>): boolean {
  return candidateDelimiters(encoding).some((delimiter) => hasKnownName(namesIn(line, delimiter) ?? [], known));
}

/** Whether one of the names is known. */
export function hasKnownName(names: readonly string[], known: ReadonlySet<string>): boolean {
  return names.some((name) => known.has(name));
}

/** The text of a header line. @throws StorageError `SOURCE_UNREADABLE` */
export function decodeHeader(raw: Buffer, encoding: Encoding): string {
  const line = decode(raw, encoding);
  if (line === undefined) throw badHeader(`${undecodable(encoding)}.`);
  return line;
}

/** The names in a header line. @throws StorageError `SOURCE_UNREADABLE` when they cannot name the cells of a record */
export function parseHeader(line: string, delimiter: string): readonly string[] {
  const cells = parseCsvCells(line, { delimiter });
  if (cells === undefined)
    throw badHeader(
      'contains a quote that does not enclose a whole name. Close it, or write a quote inside a name as ""',
    );
  const names = cells.map((cell) => cell ?? '');
  const unnamed = names.findIndex((name) => name.trim() === '');
  if (unnamed !== -1) {
    throw badHeader(
      `has no name for column ${unnamed + 1}. Name it, or remove the column. If lines precede the header, skip them: ` +
        '--skip-lines 1',
    );
  }
  // Columns are named by number: without a header, these would be the values of a record.
  const repeated = names.flatMap((name, index) => (names.indexOf(name) === index ? [] : [index + 1]));
  if (repeated.length > 0) {
    throw badHeader(`repeats an earlier name in column ${repeated.join(', ')}. Give each column a name of its own.`);
  }
  return names;
}

/** @param problem - the rest of a sentence about the header line */
export function badHeader(problem: string): StorageError {
  return new StorageError('SOURCE_UNREADABLE', `the header line of the csv file ${problem}`);
}

function namesIn(line: string, delimiter: string): readonly string[] | undefined {
  const cells = parseCsvCells(line, { delimiter });
  const names = cells?.map((cell) => cell ?? '');
  // Another delimiter shows only where it occurs; a single name is a header of commas.
  return names === undefined || (delimiter !== ',' && names.length < 2) ? undefined : names;
}
