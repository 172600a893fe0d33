import { describe } from '@jest/globals';

import { THROUGH_PGBOUNCER } from '../database/open-connections.js';
import { PASSWORDS_VARIABLE, VERSION_VARIABLE } from './server-facts.js';

type Describe = (title: string, tests: () => void) => void;

/** A major version of Postgres, and what tests need of it. */
export interface NeededVersion {
  readonly since: number;
  readonly because: string;
}

/** `describe`; where there is a reason, the tests are skipped and it is in their title. */
export function describeUnless(reason: string | undefined): Describe {
  return (title, tests) => {
    (reason === undefined ? describe : describe.skip)(reason === undefined ? title : `${title} (${reason})`, tests);
  };
}

/** `describe` on a server of this version or later. */
export function describeOn({ since, because }: NeededVersion): Describe {
  const isBefore = Number(process.env[VERSION_VARIABLE]) < since;
  return describeUnless(isBefore ? `needs Postgres ${since}: ${because}` : undefined);
}

/** `describe` on a server that rejects a wrong password, as one with `trust` in its pg_hba.conf does not. */
export const describeWithPassword: Describe = describeUnless(
  process.env[PASSWORDS_VARIABLE] === 'ignored' ? 'needs a server that checks passwords' : undefined,
);

/** `describe` on connections to the server itself. @param because - what a pooler does not have */
export function describeDirect(because: string): Describe {
  return describeUnless(THROUGH_PGBOUNCER ? `needs a direct connection: ${because}` : undefined);
}
