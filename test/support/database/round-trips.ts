import type { EventEmitter } from 'node:events';

import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

/** What a pool sends, and how often it waits for the server. */
export interface RoundTrips {
  /** The messages, in their order. */
  readonly sent: string[];
  /** Times that something was sent while nothing was left to be answered. */
  waits: number;
  reset(): void;
}

type Query = (...parameters: unknown[]) => unknown;

/** Follows all connections of a pool from here on. */
export function followRoundTrips(dataSource: DataSource): RoundTrips {
  const trips: RoundTrips = {
    sent: [],
    waits: 0,
    reset: () => {
      trips.sent.length = 0;
      trips.waits = 0;
    },
  };
  const followed = new WeakSet<ClientBase>();
  (dataSource.driver as unknown as { master: EventEmitter }).master.on('acquire', (client: ClientBase) => {
    if (followed.has(client)) return;
    followed.add(client);
    const target = client as unknown as { query: Query };
    const query = target.query.bind(client);
    let unanswered = 0;
    target.query = (...parameters) => {
      const [sent] = parameters as [string | { readonly text?: string }];
      trips.sent.push(typeof sent === 'string' ? sent : (sent.text ?? ''));
      trips.waits += unanswered === 0 ? 1 : 0;
      unanswered += 1;
      const answer = query(...parameters);
      const answered = (): void => {
        unanswered -= 1;
      };
      // A COPY returns its stream.
      if (answer instanceof Promise) answer.then(answered, answered);
      else answered();
      return answer;
    };
  });
  return trips;
}
