import { Pool } from 'pg';

/** A pool that survives the end of its connections, which an interrupted run brings about. */
export function createPool(url: string, max: number): Pool {
  const pool = new Pool({ connectionString: url, max, connectionTimeoutMillis: 10_000 });
  pool.on('error', () => {});
  return pool;
}
