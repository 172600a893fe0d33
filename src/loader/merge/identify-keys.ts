import type { ClientBase, QueryResult } from 'pg';

import { mayBeOfRow } from '../../postgres/faults/sqlstate.js';
import { withSavepoint } from '../../postgres/with-transaction.js';
import type { LoadJob, Target } from '../model/load-job.js';
import { isLoose } from '../values/canonical-key.js';
import { type KeyedRow, type KeyValue, keyValuesOf, keyValuesOfRow, type LoadUnit } from '../model/load-unit.js';

/** Whether only Postgres knows which keys are equal: intervals, a case-blind collation. */
export function hasLooseKey(job: LoadJob): boolean {
  return job.targets.some(({ key }) => key.some(isLoose));
}

/** A unit and its key. */
interface KeyedUnit {
  /** Place in the batch. */
  readonly place: number;
  readonly values: readonly KeyValue[];
}

/**
 * Gives units one key where Postgres finds their keys equal. Does not ask the database for keys that are equal exactly
 * when their texts are, nor in an append, which folds nothing. A key that Postgres cannot read equals none: its row is
 * rejected when the rows are written.
 */
export async function identifyKeys(
  client: ClientBase,
  job: LoadJob,
  units: readonly LoadUnit[],
): Promise<readonly LoadUnit[]> {
  if (job.hasKeysApart) {
    return identifyKeyedRows(client, job, units);
  }
  const [target] = job.targets;
  if (target === undefined || target.onConflict === 'insert' || !hasLooseKey(job) || units.length < 2) {
    return units;
  }
  const keyed = units.flatMap(({ rows }, place): KeyedUnit[] => {
    const values = keyValuesOf(job, rows);
    return values === undefined ? [] : [{ place, values }];
  });
  const identified = [...units];
  for (const [place, same] of await firstsOf(client, target, keyed)) {
    // No text of a key begins with this character.
    identified[place] = { ...(units[place] as LoadUnit), key: `\0${same}` };
  }
  return identified;
}

/** The same for each row, where the rows of a unit have keys of their own. */
async function identifyKeyedRows(
  client: ClientBase,
  { targets }: LoadJob,
  units: readonly LoadUnit[],
): Promise<readonly LoadUnit[]> {
  const rows = units.flatMap(({ keyedRows = [] }) => keyedRows);
  const keys = new Map<KeyedRow, string>();
  for (const [index, target] of targets.entries()) {
    if (target.key.some(isLoose)) {
      const own = rows.filter((row) => row.target === index);
      const keyed = own.map(({ row }, place) => ({ place, values: keyValuesOfRow(target, row) as KeyValue[] }));
      for (const [place, same] of await firstsOf(client, target, keyed)) {
        keys.set(own[place] as KeyedRow, `${index} \0${same}`);
      }
    }
  }
  return keys.size === 0
    ? units
    : units.map((unit) => ({
        ...unit,
        keyedRows: unit.keyedRows?.map((row) => ({ ...row, key: keys.get(row) ?? row.key })),
      }));
}

/** For each unit with a readable key, the place of the first one with an equal key. */
async function firstsOf(
  client: ClientBase,
  target: Target,
  keyed: readonly KeyedUnit[],
): Promise<ReadonlyMap<number, number>> {
  try {
    return await ask(client, target, keyed);
  } catch (error) {
    if (!mayBeOfRow(error)) {
      throw error;
    }
    return ask(client, target, await readableOf(client, target, keyed));
  }
}

async function ask(
  client: ClientBase,
  { key }: Target,
  keyed: readonly KeyedUnit[],
): Promise<ReadonlyMap<number, number>> {
  const columns = key.map((_, index) => `k${index}`);
  const arrays = key.map((_, index) => `$${index + 2}::text[]`);
  const values = key.map(({ type, collate }, index) => `s.k${index}::${type}${collate}`);
  const query = `SELECT s.place, min(s.place) OVER (PARTITION BY ${values.join(', ')}) AS same
    FROM unnest($1::integer[], ${arrays.join(', ')}) AS s(place, ${columns.join(', ')})`;
  const parameters = [
    keyed.map(({ place }) => place),
    ...key.map((_, index) => keyed.map(({ values: own }) => own[index])),
  ];
  const { rows } = await withSavepoint(client, () => client.query<{ place: number; same: number }>(query, parameters));
  return new Map(rows.map(({ place, same }) => [place, same]));
}

/** The units whose keys Postgres can read: a fixed number of statements where it can try them in a block. */
async function readableOf(
  client: ClientBase,
  target: Target,
  keyed: readonly KeyedUnit[],
): Promise<readonly KeyedUnit[]> {
  try {
    return await withSavepoint(client, () => tryInBlock(client, target, keyed));
  } catch (error) {
    if (!mayBeOfRow(error)) {
      throw error;
    }
  }
  const readable: KeyedUnit[] = [];
  for (const unit of keyed) {
    try {
      await ask(client, target, [unit]);
      readable.push(unit);
    } catch (error) {
      if (!mayBeOfRow(error)) {
        throw error;
      }
    }
  }
  return readable;
}

const KEYS = 'harbor_storage.keys';
const UNREADABLE = 'harbor_storage.unreadable';

/** A block takes no parameters and returns no rows, so settings of the transaction carry both. */
async function tryInBlock(
  client: ClientBase,
  { key }: Target,
  keyed: readonly KeyedUnit[],
): Promise<readonly KeyedUnit[]> {
  const block = `DECLARE
  tried record;
  unreadable integer[] := '{}';
BEGIN
  FOR tried IN SELECT s.own, s.number FROM jsonb_array_elements(current_setting('${KEYS}')::jsonb) WITH ORDINALITY AS s(own, number)
  LOOP
    BEGIN
      PERFORM ${key.map(({ type }, index) => `(tried.own ->> ${index})::${type}`).join(', ')};
    EXCEPTION WHEN OTHERS THEN
      unreadable := unreadable || tried.number::integer;
    END;
  END LOOP;
  PERFORM set_config('${KEYS}', '', true), set_config('${UNREADABLE}', to_json(unreadable)::text, true);
END`;
  await client.query('SELECT set_config($1, $2, true)', [KEYS, JSON.stringify(keyed.map(({ values }) => values))]);
  const results = (await client.query(
    `DO ${client.escapeLiteral(block)}; SELECT current_setting('${UNREADABLE}')::json AS numbers`,
  )) as unknown as QueryResult<{ numbers: number[] }>[];
  const unreadable = new Set(results[1]?.rows[0]?.numbers);
  return keyed.filter((_, index) => !unreadable.has(index + 1));
}
