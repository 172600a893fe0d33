import { isLosslessNumber } from 'lossless-json';
import type { ClientBase } from 'pg';

import { HYBRID } from '../../../entities/index.js';
import { type KeptRecord, RECORD_COLUMNS } from '../../../quarantine/quarantined-record.js';
import { rereadKeptRecord } from '../../../quarantine/reread-kept-record.js';
import { SourceRecord } from '../../../records/source-record.js';

/** Open rejected records of one column. */
export interface ColumnRejections {
  readonly column: string;
  /** Reason (SQLSTATE or rule) → records. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly records: number;
  readonly loads: number;
  readonly first: Date;
  readonly last: Date;
}

/** Facts about the rejected values; never the values. */
export interface RejectedValues {
  /** Every rejected record was read and its value found. */
  readonly complete: boolean;
  /** All values found are texts. */
  readonly texts: boolean;
  /** All values found are integers within bigint. */
  readonly bigints: boolean;
}

interface RejectionRow extends Omit<ColumnRejections, 'column'> {
  column_name: string;
}

/** Open records of a table, from loads into it and from hybrid loads. */
const OF_TABLE = `r.table_name IN ($1, '${HYBRID}') AND r.replayed_at IS NULL`;

/** Counts the rejected records of a table by column. */
export async function readRejections(
  client: ClientBase,
  quarantine: string,
  table: string,
): Promise<ColumnRejections[]> {
  const { rows } = await client.query<RejectionRow>(
    `SELECT column_name, jsonb_object_agg(reason, n) AS reasons, sum(n)::integer AS records, min(first) AS first,
            max(last) AS last,
            (SELECT count(DISTINCT r.load_id)::integer FROM ${quarantine} AS r
              WHERE ${OF_TABLE} AND r.column_name = c.column_name) AS loads
       FROM (SELECT r.column_name, r.reason, count(*) AS n, min(r.created_at) AS first, max(r.created_at) AS last
               FROM ${quarantine} AS r WHERE ${OF_TABLE} AND r.column_name IS NOT NULL GROUP BY 1, 2) AS c
      GROUP BY column_name ORDER BY 3 DESC, column_name COLLATE "C"`,
    [table],
  );
  return rows.map(({ column_name: column, ...counts }) => ({ column, ...counts }));
}

/** Counts, by reason, records that Postgres rejected without naming the column. */
export async function countWithoutColumn(
  client: ClientBase,
  quarantine: string,
  table: string,
): Promise<Record<string, number>> {
  const { rows } = await client.query<{ reason: string; n: number }>(
    `SELECT r.reason, count(*)::integer AS n FROM ${quarantine} AS r
      WHERE ${OF_TABLE} AND r.column_name IS NULL AND r.reason ~ '^22' GROUP BY 1 ORDER BY 1`,
    [table],
  );
  return Object.fromEntries(rows.map(({ reason, n }) => [reason, n]));
}

/** Reasons for a missing value, which tell nothing about values. */
export const NULL_REASONS: readonly string[] = ['23502', 'null_not_allowed'];

/** Maximum number of rejected records to read; larger ones than LARGEST_RECORD are ignored. */
const MOST_RECORDS = 1_000;
const LARGEST_RECORD = 1024 * 1024;

/** Examines the values, if the rejected records contain the column under one of its names. */
export async function lookAtValues(
  client: ClientBase,
  quarantine: string,
  table: string,
  { column, reasons }: ColumnRejections,
  names: readonly string[],
): Promise<RejectedValues> {
  const { rows } = await client.query<KeptRecord>(
    `SELECT ${RECORD_COLUMNS}, r.raw, r.reading FROM ${quarantine} AS r
      WHERE ${OF_TABLE} AND r.column_name = $2 AND octet_length(r.raw) <= $4
        AND NOT r.reason = ANY ($3)
      ORDER BY r.created_at DESC LIMIT $5`,
    [table, column, NULL_REASONS, LARGEST_RECORD, MOST_RECORDS],
  );
  const values = rows.map((kept) => valueOf(kept, names)).filter((value) => value !== undefined);
  const others = Object.entries(reasons).filter(([reason]) => !NULL_REASONS.includes(reason));
  return {
    complete: values.length === others.reduce((sum, [, n]) => sum + n, 0),
    texts: values.length > 0 && values.every((value) => typeof value === 'string'),
    bigints: values.length > 0 && values.every(isBigint),
  };
}

function valueOf(kept: KeptRecord, names: readonly string[]): unknown {
  const reread = rereadKeptRecord(kept);
  const record = (reread instanceof SourceRecord ? reread.value : reread) as Record<string, unknown> | undefined;
  const name = record && names.find((candidate) => Object.hasOwn(record, candidate) && record[candidate] !== null);
  return name === undefined ? undefined : record?.[name];
}

function isBigint(value: unknown): boolean {
  const text = isLosslessNumber(value) ? value.value : value;
  if (typeof text === 'object') {
    return false;
  }
  const digits = String(text);
  return /^-?\d{1,30}$/.test(digits) && BigInt.asIntN(64, BigInt(digits)) === BigInt(digits);
}
