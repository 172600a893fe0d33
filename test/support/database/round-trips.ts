import type { DataSource } from 'typeorm';

import { textOf, wrapQueries } from './statements.js';

/** What a pool sends, and how often it waits for the server. */
export interface RoundTrips {
  /** The messages, in their order. */
  readonly sent: string[];
  /** Times that something was sent while nothing was left to be answered. */
  waits: number;
  reset(): void;
}

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
  wrapQueries(dataSource, (query) => {
    let unanswered = 0;
    return (...parameters) => {
      trips.sent.push(textOf(parameters));
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
