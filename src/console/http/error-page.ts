import { STATUS_CODES } from 'node:http';

import { errorCode } from '../../errors/error-text.js';
import { ERROR_CODES, type ErrorCodeEntry, StorageError } from '../../errors/index.js';
import { httpStatusOf } from '../../module/storage-exception.filter.js';
import { isTransient } from '../../postgres/faults/sqlstate.js';
import { html } from '../html/html.js';
import type { Page } from '../html/page.js';
import { PageError } from './page-error.js';

const QUERY_CANCELED = '57014';
const SERVICE_UNAVAILABLE = 503;
const INTERNAL_SERVER_ERROR = 500;

/** The page that tells of an error: its code and what to do, but no values and no stack. */
export function errorPage(error: unknown): Page {
  if (error instanceof PageError) {
    return pageOf(error.status, undefined, error.message);
  }
  const state = stateOf(error);
  if (state === QUERY_CANCELED) {
    return pageOf(SERVICE_UNAVAILABLE, state, 'The database took longer than the time limit of a query.');
  }
  if (error instanceof StorageError) {
    const status = httpStatusOf(error);
    const { meaning, action }: ErrorCodeEntry = ERROR_CODES[error.code];
    // As over HTTP in general, details of the server's own faults are in the log only.
    const what = status >= INTERNAL_SERVER_ERROR ? meaning : error.message;
    return pageOf(status, state === undefined ? error.code : `${error.code} ${state}`, what, action);
  }
  return isTransient(error)
    ? pageOf(SERVICE_UNAVAILABLE, state, 'The database cannot be reached, or another transaction holds a lock.')
    : pageOf(INTERNAL_SERVER_ERROR, state, 'This page has failed. The log of the application has the error.');
}

/** The SQLSTATE, or the code of the socket, below the errors of this package. */
function stateOf(error: unknown): string | undefined {
  return error instanceof StorageError ? stateOf(error.cause) : errorCode(error);
}

function pageOf(status: number, code: string | undefined, what: string, action?: string): Page {
  return {
    status,
    title: STATUS_CODES[status] ?? 'Error',
    content: html`<p class="message error">${what}</p>
      ${action && html`<p>${action}</p>`} ${code && html`<p>Code: <code>${code}</code></p>`}`,
  };
}
