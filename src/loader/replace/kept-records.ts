import type { ClientBase } from 'pg';

import { qualifiedTemporary, temporaryTable } from '../../postgres/temporary-table.js';
import { inRawChunks } from '../../quarantine/raw-chunks.js';
import type { RejectedRecord } from '../../quarantine/rejected-records.js';
import { type Reading, SourceRecord } from '../../records/source-record.js';
import type { LoadJob, Target } from '../model/load-job.js';
import { keyValuesOf, type LoadUnit, showKey } from '../model/load-unit.js';
import { conflictTarget, hasAnyStagedKey } from '../merge/same-key.js';
import { ROW_NUMBER, STAGING } from './staging-table.js';

const NAME = 'harbor_replace_records';
const RECORDS = qualifiedTemporary(NAME);
/** Columns beside those of the key; the blanks keep their names apart from real columns. */
const POSITION = '"harbor position"';
const SHOWN_KEY = '"harbor key"';
const RAW = '"harbor raw"';
const READING = '"harbor reading"';

/**
 * Creates the table that keeps the staged records as they came. The target itself may yet reject a row, by a foreign key
 * or a trigger, when the source has been read and cannot give the record again.
 */
export async function createKeptRecords(client: ClientBase, { key }: Target): Promise<void> {
  const definitions = [
    ...key.map(({ quoted, declaredType }) => `${quoted} ${declaredType}`),
    `${POSITION} bigint, ${SHOWN_KEY} text, ${RAW} bytea, ${READING} json`,
  ];
  await client.query(temporaryTable(NAME, definitions).create);
}

/** Keeps the records of units that were staged. */
export async function keepRecords(client: ClientBase, job: LoadJob, units: readonly LoadUnit[]): Promise<void> {
  const key = job.targets[0]?.key ?? [];
  const names = key.map(({ quoted }) => quoted);
  const arrays = key.map((_, index) => `$${index + 5}::text[]`);
  const statement = `INSERT INTO ${RECORDS} (${POSITION}, ${SHOWN_KEY}, ${RAW}, ${READING}, ${names.join(', ')})
    SELECT u.${POSITION}, u.${SHOWN_KEY}, u.${RAW}, u.${READING}::json,
           ${key.map(({ quoted, type }) => `u.${quoted}::${type}`).join(', ')}
      FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[], ${arrays.join(', ')})
        AS u(${POSITION}, ${SHOWN_KEY}, ${RAW}, ${READING}, ${names.join(', ')})`;
  for (const chunk of inRawChunks(units)) {
    const keys = chunk.map(({ rows }) => keyValuesOf(job, rows) ?? []);
    await client.query(statement, [
      chunk.map(({ position }) => position),
      keys.map(showKey),
      chunk.map(({ raw }) => raw),
      chunk.map(({ reading }) => reading),
      ...key.map((_, index) => keys.map((values) => values[index])),
    ]);
  }
}

/** Makes {@link findKeptRecords} fast; built only once a row was rejected, which is rare. */
export async function indexKeptRecords(client: ClientBase, { key }: Target): Promise<void> {
  await client.query(
    `CREATE INDEX ON ${RECORDS} ${conflictTarget(key)}; ANALYZE ${RECORDS};
     CREATE INDEX ON ${STAGING} (${ROW_NUMBER})`,
  );
}

/** The records that make up the staged row of this number, in input order. */
export async function findKeptRecords(
  client: ClientBase,
  { key }: Target,
  rowNumber: number,
): Promise<Omit<RejectedRecord, 'rejection'>[]> {
  const { rows } = await client.query<{ position: string; key: string; raw: Buffer; reading: Reading | null }>(
    `SELECT r.${POSITION} AS position, r.${SHOWN_KEY} AS key, r.${RAW} AS raw, r.${READING} AS reading
       FROM ${STAGING} AS s JOIN ${RECORDS} AS r ON ${hasAnyStagedKey('r', key)}
      WHERE s.${ROW_NUMBER} = $1 ORDER BY 1`,
    [rowNumber],
  );
  return rows.map(({ position, key: shown, raw, reading }) => ({
    position: Number(position),
    key: shown,
    source: new SourceRecord(undefined, raw, undefined, false, reading ?? undefined),
  }));
}

/** Drops the table before the transaction ends, which may be a caller's with another replace to come. */
export async function dropKeptRecords(client: ClientBase): Promise<void> {
  await client.query(`DROP TABLE ${RECORDS}`);
}
