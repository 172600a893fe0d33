import { Readable } from 'node:stream';

import { type FileFormat } from '../../../src/files/record-reader.js';

/** One record of a file, in each of the formats that can write it. */
export interface FileCase {
  readonly when: string;
  /** Members of the JSON object beside its key and problem_description; `whole` is the record itself. */
  readonly json?: string | { readonly whole: string | Buffer; readonly only?: 'jsonl' };
  /** Cells of the csv record, as in the file; `whole` is the record itself. */
  readonly csv?: Readonly<Record<string, string>> | { readonly whole: string };
  /** The key, when it is part of the case. @default the name of the record */
  readonly key?: string;
}

/** A record of a file: its bytes, and the case it stands for; a neighbour stands for none. */
export interface FileRecord<C extends FileCase> {
  readonly raw: Buffer;
  readonly key: string;
  readonly case?: C;
}

const BYTE_ORDER_MARK = '\uFEFF';
const FORMATS: readonly FileFormat[] = ['jsonl', 'json', 'csv'];
/** So many good records that a batch goes by COPY, or so few that it does not. */
const WRITERS = { upsert: 20, copy: 400 } as const;

/** Every format, by each writer. */
export const FILES = FORMATS.flatMap((format) =>
  (['upsert', 'copy'] as const).map((writer) => ({ format, writer, neighbours: WRITERS[writer] })),
);

/** The records of a file: the cases that its format can write, each between good records. */
export function recordsOf<C extends FileCase>(
  format: FileFormat,
  cases: readonly C[],
  neighbours: number,
): FileRecord<C>[] {
  const header = headerOf(cases);
  const records: FileRecord<C>[] = [];
  const poison = cases.flatMap((each, index): FileRecord<C>[] => {
    const key = each.key ?? `case${index}`;
    const raw = format === 'csv' ? csvRecord(header, key, each.csv) : jsonRecord(format, key, each.json);
    return raw === undefined ? [] : [{ raw, key, case: each }];
  });
  const rounds = Math.max(poison.length, neighbours);
  for (let round = 0; round < rounds; round += 1) {
    const key = `good${round}`;
    const raw = format === 'csv' ? csvRecord(header, key, {}) : jsonRecord(format, key, '');
    if (raw !== undefined && round < neighbours) records.push({ raw, key });
    const bad = poison[round];
    if (bad !== undefined) records.push(bad);
  }
  return records;
}

/** The file, with a byte order mark, blank lines and both line ends. */
export function fileOf<C extends FileCase>(
  format: FileFormat,
  cases: readonly C[],
  records: readonly FileRecord<C>[],
): Readable {
  const lines = records.flatMap(({ raw }, index) => [
    raw,
    index % 2 === 0 ? '\r\n' : '\n',
    index % 7 === 0 ? '\n' : '',
  ]);
  const parts: Record<FileFormat, readonly (string | Buffer)[]> = {
    jsonl: lines,
    json: ['[\n', ...records.flatMap(({ raw }, index) => [index === 0 ? '' : '\t,\r\n ', raw]), ' ]\n'],
    csv: [headerOf(cases).join(','), '\r\n', ...lines],
  };
  const bytes = Buffer.concat([BYTE_ORDER_MARK, ...parts[format]].map((part) => Buffer.from(part)));
  return Readable.from([bytes], { objectMode: false });
}

/** A csv cell in quotes. */
export function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function headerOf(cases: readonly FileCase[]): readonly string[] {
  const names = cases.flatMap(({ csv }) => (csv === undefined || 'whole' in csv ? [] : Object.keys(csv)));
  return [...new Set(['submission_id', 'problem_description', ...names])];
}

function csvRecord(header: readonly string[], key: string, csv: FileCase['csv']): Buffer | undefined {
  if (csv === undefined) return undefined;
  if (isWhole(csv)) return Buffer.from(csv.whole);
  const cells = new Map(Object.entries({ submission_id: quoted(key), problem_description: 'p', ...csv }));
  return Buffer.from(header.map((name) => cells.get(name) ?? '').join(','));
}

function jsonRecord(format: FileFormat, key: string, json: FileCase['json']): Buffer | undefined {
  if (json === undefined || (typeof json !== 'string' && json.only !== undefined && json.only !== format)) {
    return undefined;
  }
  if (typeof json !== 'string') return Buffer.from(json.whole);
  const members = [`"submission_id":${JSON.stringify(key)}`, '"problem_description" : "p"', json];
  return Buffer.from(`{${members.filter((member) => member !== '').join(', ')}}`);
}

function isWhole(csv: NonNullable<FileCase['csv']>): csv is { readonly whole: string } {
  return 'whole' in csv;
}
