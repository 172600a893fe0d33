import { Readable } from 'node:stream';
import { inspect } from 'node:util';

import { isLosslessNumber, stringify } from 'lossless-json';

import { readRecords } from '../../../src/files/read-records.js';
import type { FileFormat } from '../../../src/files/record-reader.js';
import { LoadFailedError, type LoadResult } from '../../../src/index.js';
import type { StorageApp } from '../app/storage-app.js';
import { REJECTED, type TypeCase, type TypeCases } from './type-case.js';
import type { TypedTable } from './typed-tables.js';

const JSON_TYPES: ReadonlySet<string> = new Set(['json', 'jsonb']);
/**
 * How many rows come with the cases: so many that a batch goes by COPY, or none. Cases that the table would reject do not
 * come with new rows, since these would not go straight into the table then.
 */
const NEIGHBOURS = { upsert: 0, staged: 250, direct: 250 } as const;

/** How values come in. */
type Way = 'objects' | 'jsonl' | 'csv';

/** The cases of a type that this way can bring. */
function casesOf({ type, cases, onlyObjects = [] }: TypeCases, way: Way): readonly TypeCase[] {
  switch (way) {
    case 'objects':
      return [...cases, ...onlyObjects];
    case 'jsonl':
      return cases;
    default:
      // An empty cell is absent or null, a number is text there, an object JSON, and so is an array
      // of any type but an array's.
      return cases.filter(
        ([value, reads]) =>
          value !== null &&
          value !== '' &&
          !(typeof value === 'number' && reads === REJECTED) &&
          (JSON_TYPES.has(type)
            ? typeof value !== 'string'
            : !isObject(value) && !(Array.isArray(value) && type === 'cube')),
      );
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && !Array.isArray(value) && !isLosslessNumber(value);
}

function sourceOf(way: Way, cases: readonly TypeCase[], neighbours: number): AsyncIterable<unknown> | Iterable<object> {
  const records = [
    ...cases.map(([v], id) => ({ id, v })),
    ...Array.from({ length: neighbours }, (_, index) => ({ id: 1000 + index, v: undefined })),
  ];
  if (way === 'objects') {
    return records;
  }
  const lines = records.map(way === 'jsonl' ? (record) => stringify(record) as string : csvLine);
  const text = [...(way === 'csv' ? ['id,v'] : []), ...lines].join('\n');
  return readRecords(Readable.from([Buffer.from(text)], { objectMode: false }), { format: way satisfies FileFormat });
}

function csvLine({ id, v }: { id: number; v: unknown }): string {
  if (v === undefined) {
    return `${id},`;
  }
  const cell = typeof v === 'string' ? v : (stringify(v) as string);
  return `${id},"${cell.replaceAll('"', '""')}"`;
}

/** The counts of a load that the database stopped: the test names its type. */
function stoppedResult(error: unknown): Pick<LoadResult, 'inserted' | 'rejected' | 'failed' | 'rejects'> {
  if (error instanceof LoadFailedError) {
    return error.result as LoadResult;
  }
  throw error;
}

/** What became of the cases of a type. */
interface Outcome {
  readonly stored: number;
  readonly rejected: number;
  /** A sentence for each case that the database does not show as it must. */
  readonly wrong: readonly string[];
}

/** Loads the cases of a type in one way, and compares what the table holds then. */
export async function loadCases(
  app: StorageApp,
  table: TypedTable,
  way: Way,
  writer: keyof typeof NEIGHBOURS,
): Promise<Outcome> {
  const cases = casesOf(table, way).filter(([, reads]) => writer !== 'direct' || reads !== REJECTED);
  await app.rows(`TRUNCATE ${table.table}`);
  const stored = writer === 'staged' ? NEIGHBOURS.staged : 0;
  await app.rows(`INSERT INTO ${table.table} (id) SELECT 1000 + n FROM generate_series(0, ${stored - 1}) AS n`);
  const source = sourceOf(way, cases, NEIGHBOURS[writer]) as Iterable<object>;
  const result = await app.loader.loadBatch(table.entity, source).catch(stoppedResult);
  const rows = await app.rows<{ id: number; v: string | null }>(
    `SELECT id, v::text FROM ${table.table} WHERE id < 1000`,
  );
  const found = new Map(rows.map(({ id, v }) => [id, v]));
  const wrong = cases.flatMap(([value, reads], id) => {
    const text = found.has(id) ? found.get(id) : REJECTED;
    const why = result.rejects.filter(({ position }) => position === id).map(({ reason }) => String(reason));
    return text === reads
      ? []
      : [`${table.type} ${inspect(value)}: ${String(reads)} expected, ${String(text)} found ${why.join(' ')}`];
  });
  const rejected = cases.filter(([, reads]) => reads === REJECTED).length;
  const inserted = cases.length - rejected + NEIGHBOURS[writer] - stored;
  if (result.inserted !== inserted || result.rejected !== rejected || result.failed !== 0) {
    wrong.push(`${table.type}: ${result.inserted} inserted, ${result.rejected} rejected, ${result.failed} failed`);
  }
  return { stored: rows.length, rejected: cases.length - rows.length, wrong };
}
