import { join } from 'node:path';

/** Default data directory of a project's embedded Postgres. */
export function defaultDataDir(cwd: string = process.cwd()): string {
  return join(cwd, '.harbor-storage', 'postgres-18');
}
