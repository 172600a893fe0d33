import { setTimeout as delay } from 'node:timers/promises';

import type { ClientBase } from 'pg';

import { withConnection } from './connection.js';
import type { BenchTable } from '../report/table.js';

/** Writes to a table so far. */
export interface Writes {
  readonly inserted: number;
  readonly updated: number;
  /** A checksum of the place and transaction of every row: it changes when any row is written. */
  readonly versions: string;
}

const TIMEOUT_MS = 10_000;
const POLL_MS = 50;

/** Reads the statistics of a table after all other connections ended, because they report theirs at the latest then. */
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
