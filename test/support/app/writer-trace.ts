import { textOf, wrapQueries } from '../database/statements.js';
import type { StorageApp } from './storage-app.js';

/** Whether a load has sent rows by COPY: into a staging table, or straight into their own. */
export interface WriterTrace {
  readonly copies: number;
  reset(): void;
}

/** Counts, from here on, how often rows are sent by COPY. */
export function traceCopies(app: StorageApp): WriterTrace {
  const sent = traceStatements(app, /^COPY (?!pg_temp\.harbor_isolated_)/);
  return {
    get copies() {
      return sent.count;
    },
    reset: () => {
      sent.count = 0;
    },
  };
}

/** Counts, from here on, the statements that match. */
export function traceStatements(app: StorageApp, pattern: RegExp): { count: number } {
  const sent = { count: 0 };
  wrapQueries(app.dataSource, (query) => (...parameters) => {
    if (pattern.test(textOf(parameters))) sent.count += 1;
    return query(...parameters);
  });
  return sent;
}
