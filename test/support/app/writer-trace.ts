import type { EventEmitter } from 'node:events';

import type { ClientBase } from 'pg';

import type { StorageApp } from './storage-app.js';

/** Whether a load has sent rows by COPY: into a staging table, or straight into their own. */
export interface WriterTrace {
  readonly copies: number;
  reset(): void;
}

type Query = (...parameters: unknown[]) => unknown;

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
  const traced = new WeakSet<ClientBase>();
  const sent = { count: 0 };
  (app.dataSource.driver as unknown as { master: EventEmitter }).master.on('acquire', (client: ClientBase) => {
    if (traced.has(client)) return;
    traced.add(client);
    const target = client as unknown as { query: Query };
    const query = target.query.bind(client);
    target.query = (...parameters) => {
      const [statement] = parameters as [string | { readonly text?: string }];
      const text = typeof statement === 'string' ? statement : (statement.text ?? '');
      if (pattern.test(text)) sent.count += 1;
      return query(...parameters);
    };
  });
  return sent;
}
