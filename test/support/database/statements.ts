import type { EventEmitter } from 'node:events';

import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

/** What was sent to the server. */
export interface SentStatements {
  /** Statements the server ran or rejected; several may come in one message. */
  statements: number;
  /** Round trips. */
  messages: number;
}

type Query = (...parameters: unknown[]) => unknown;

/**
 * Puts a function around `query` of every connection of a pool, from here on.
 * @param wrap - called once a connection
 */
export function wrapQueries(dataSource: DataSource, wrap: (query: Query) => Query): void {
  const wrapped = new WeakSet<ClientBase>();
  (dataSource.driver as unknown as { master: EventEmitter }).master.on('acquire', (client: ClientBase) => {
    if (wrapped.has(client)) return;
    wrapped.add(client);
    const target = client as unknown as { query: Query };
    target.query = wrap(target.query.bind(client));
  });
}

/** The text that a call of `query` sends. */
export function textOf(parameters: readonly unknown[]): string {
  const [sent] = parameters as [string | { readonly text?: string }];
  return typeof sent === 'string' ? sent : (sent.text ?? '');
}

/** Counts all that the connections of a pool send from here on, begin and commit included. */
export function countStatements(dataSource: DataSource): SentStatements {
  const sent: SentStatements = { statements: 0, messages: 0 };
  const countResults = (results: unknown): void => {
    sent.statements += Array.isArray(results) ? results.length - 1 : 0;
  };
  wrapQueries(dataSource, (query) => (...parameters) => {
    sent.messages += 1;
    sent.statements += 1;
    const last = parameters.at(-1);
    if (typeof last === 'function') {
      const callback = last as Query;
      return query(...parameters.slice(0, -1), (error: unknown, results: unknown) => {
        countResults(results);
        return callback(error, results);
      });
    }
    const answer = query(...parameters);
    if (answer instanceof Promise) {
      answer.then(countResults, () => {});
    }
    return answer;
  });
  return sent;
}
