import { Pool } from 'pg';

/** A pool that survives the end of its connections when a run is interrupted. */
export function createPool(url: string, max: number): Pool {
  const pool = new Pool({ connectionString: url, max, connectionTimeoutMillis: 10_000 });
  pool.on('error', () => {});
  return pool;
}
