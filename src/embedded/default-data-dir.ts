import { join } from 'node:path';

/** Where a project keeps its embedded Postgres unless told otherwise. */
export function defaultDataDir(cwd: string = process.cwd()): string {
  return join(cwd, '.harbor-storage', 'postgres-18');
}
