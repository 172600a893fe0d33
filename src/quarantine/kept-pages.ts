import type { KeptRecord } from './quarantined-record.js';
import { RECORD_COLUMNS } from './quarantined-record.js';

/** Runs one statement and returns its rows. */
export type Query = <Row>(sql: string, parameters: readonly unknown[]) => Promise<Row[]>;

/** Maximum number of records, and of bytes, in a page; a single record always fits. */
const PAGE_RECORDS = 1_000;
const PAGE_BYTES = 8 * 1024 * 1024;

/** pg reads bytes as a text of twice their size, and texts have a maximum length: larger records are read in slices. */
const SLICE_BYTES = 16 * 1024 * 1024;

/**
 * Reads the records of one load in input order, in pages of bounded memory.
 * @param rows - `FROM … WHERE …` that selects them as `r`
 * @param parameters - parameters of `rows`
 */
export async function* readKeptRecords(
  query: Query,
  quotedTable: string,
  rows: string,
  parameters: readonly unknown[],
): AsyncGenerator<KeptRecord> {
  const own = parameters.length;
  const statement = `
    SELECT p.* FROM (
      SELECT q.*, sum(q.bytes) OVER (ORDER BY q.position, q.id) AS upto FROM (
        SELECT ${RECORD_COLUMNS}, r.reading, CASE WHEN octet_length(r.raw) <= $${own + 3} THEN r.raw END AS raw
          ${rows} AND (r.position, r.id) > ($${own + 1}::bigint, $${own + 2}::uuid)
         ORDER BY r.position, r.id LIMIT $${own + 4}
      ) AS q
    ) AS p
    WHERE p.upto = p.bytes OR p.upto <= $${own + 5}
    ORDER BY p.position, p.id`;
  let last: readonly [number, string] = [-1, '00000000-0000-0000-0000-000000000000'];
  for (;;) {
    const page = await query<KeptRecord & { upto: string }>(statement, [
      ...parameters,
      ...last,
      SLICE_BYTES,
      PAGE_RECORDS,
      PAGE_BYTES,
    ]);
    for (const { upto: _, ...record } of page) {
      last = [record.position, record.id];
      const raw = record.raw ?? (await readSlices(query, quotedTable, record));
      if (raw !== undefined) {
        yield { ...record, raw };
      }
    }
    if (page.length === 0) {
      return;
    }
  }
}

/**
 * The bytes of a record of any size; undefined if it was deleted meanwhile.
 * @param record - `bytes`: how many, from the first
 */
export async function readSlices(
  query: Query,
  quotedTable: string,
  { id, bytes }: { readonly id: string; readonly bytes: number },
): Promise<Buffer | undefined> {
  const slices: Buffer[] = [];
  for (let from = 1; from <= bytes; from += SLICE_BYTES) {
    const [row] = await query<{ slice: Buffer }>(
      `SELECT substring(raw FROM $2 FOR $3) AS slice FROM ${quotedTable} WHERE id = $1`,
      [id, from, Math.min(SLICE_BYTES, bytes - from + 1)],
    );
    if (row === undefined) {
      return undefined;
    }
    slices.push(row.slice);
  }
  return Buffer.concat(slices);
}
