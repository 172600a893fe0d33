import type { ClientBase } from 'pg';

import { errorCode, errorText } from '../../errors/error-text.js';

/** Runs work on a connection of the same server, in a transaction that may fail. */
type Run = (work: (client: ClientBase) => Promise<unknown>) => Promise<unknown>;

/**
 * Whether somebody cancelled the statement that failed with 57014. statement_timeout has the same SQLSTATE, and the texts
 * of both are in the language of the server; but each is raised at a place of its own in the server's source. So a
 * statement cancels itself, and the places are compared.
 */
export async function isCancelRequest(error: unknown, run: Run): Promise<boolean> {
  try {
    await run((client) => client.query('SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(1)'));
    return false;
  } catch (request) {
    return errorCode(request) === errorCode(error) && raisedAt(request) === raisedAt(error);
  }
}

/** Where the server raised an error; its text where the server does not tell. */
function raisedAt(error: unknown): string | undefined {
  const [file, line] = [errorText(error, 'file'), errorText(error, 'line')];
  return file === undefined || line === undefined ? errorText(error, 'message') : `${file}:${line}`;
}
