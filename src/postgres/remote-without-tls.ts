import { Client } from 'pg';

import type { PostgresDataSourceOptions } from './typeorm-adapter.js';

const LOCAL_HOST = /^(?:localhost$|127\.|::1$|\/)/;

/**
 * Whether a DataSource connects to a remote host without TLS. pg resolves its options: the url, `ssl`, `sslmode` (2.x of
 * pg-connection-string treats every mode but `disable` as TLS, `prefer` too) and PGSSLMODE.
 */
export function isRemoteWithoutTls(options: PostgresDataSourceOptions): boolean {
  const { replication, extra } = options;
  const servers = replication ? [replication.master, ...replication.slaves] : [options];
  return servers.some(({ url, host, ssl }) => {
    const client = new Client({ connectionString: url, host, ssl: ssl && true, ...(extra as object | undefined) });
    return !client.ssl && !LOCAL_HOST.test(client.host);
  });
}
