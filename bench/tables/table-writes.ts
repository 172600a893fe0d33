import { setTimeout as delay } from 'node:timers/promises';

import type { ClientBase } from 'pg';

import { withConnection } from './connection.js';
import type { BenchTable } from '../report/table.js';

/** What was ever written to a table. */
export interface Writes {
  readonly inserted: number;
  readonly updated: number;
  /** A sum over place and transaction of every row: another one when a row was written, if only with the same values. */
  readonly versions: string;
}

const TIMEOUT_MS = 10_000;
const POLL_MS = 50;

/** Reads the statistics of a table when everybody else has gone: a connection hands its own in at the latest then. */
export async function readWrites(url: string, { quoted }: BenchTable): Promise<Writes> {
  return withConnection(url, async (client) => {
    await waitUntilAlone(client);
    const { rows } = await client.query<Writes>(
      `SELECT n_tup_ins::float AS inserted, n_tup_upd::float AS updated,
         (SELECT coalesce(sum(hashtextextended(ctid::text || ' ' || xmin::text, 0)), 0)::text FROM ${quoted}) AS versions
       FROM pg_stat_user_tables WHERE relid = $1::regclass`,
      [quoted],
    );
    return rows[0] as Writes;
  });
}

async function waitUntilAlone(client: ClientBase): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (Date.now() < deadline && (await countOthers(client)) > 0) {
    await delay(POLL_MS);
  }
}

async function countOthers(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
  );
  return rows[0]?.count ?? 0;
}
