import { Client } from 'pg';

import { queryValue } from '../processes/embedded-processes.js';

/** Whether the databases of this run are reached through PgBouncer. */
export const THROUGH_PGBOUNCER = process.env['HARBOR_TEST_VIA'] === 'pgbouncer';

/**
 * How many connections the module has open to a database. PgBouncer keeps its own to the server whatever its clients do,
 * so it is asked for its clients.
 */
export async function openConnections(url: string): Promise<number> {
  if (!THROUGH_PGBOUNCER) {
    const open = `SELECT count(*)::integer FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name LIKE 'harbor-storage%'`;
    return Number(await queryValue(url, open));
  }
  const console = new Client({ connectionString: Object.assign(new URL(url), { pathname: '/pgbouncer' }).href });
  await console.connect();
  try {
    const { rows } = await console.query<{ database: string }>('SHOW CLIENTS');
    return rows.filter(({ database }) => database === new URL(url).pathname.slice(1)).length;
  } finally {
    await console.end();
  }
}
