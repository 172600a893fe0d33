import pg from 'pg';

import { textOf } from '../database/statements.js';
import type { SentText } from './citus-rules.js';

/** What clients of this process send. */
export interface Recorder {
  readonly sent: readonly SentText[];
  stop(): void;
}

type Query = (this: pg.Client, ...parameters: unknown[]) => unknown;

/** Records each text that any client of this process sends to a database, from here on. */
export function recordStatements(database: string): Recorder {
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const { query } = prototype;
  const sent: SentText[] = [];
  const open = new WeakMap<object, number>();
  prototype.query = function record(...parameters) {
    const text = textOf(parameters);
    if (this.database === database) {
      const savepoints = open.get(this) ?? 0;
      sent.push({ text, savepoints });
      open.set(this, savepointsAfter(text, savepoints));
    }
    return query.apply(this, parameters);
  };
  return {
    sent,
    stop() {
      prototype.query = query;
    },
  };
}

/** Savepoints have their depth as their number; one that is released takes those inside with it. */
function savepointsAfter(text: string, before: number): number {
  if (/^\s*(?:BEGIN|START|COMMIT|ROLLBACK\s*$)/i.test(text)) return 0;
  const [, released] = /\bRELEASE SAVEPOINT harbor_(\d+)/.exec(text) ?? [];
  const [, opened] = /^SAVEPOINT harbor_(\d+)/.exec(text) ?? [];
  return released === undefined ? Number(opened ?? before) : Number(released) - 1;
}
