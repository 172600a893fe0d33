import { STATUS_CODES } from 'node:http';

import { errorCode } from '../../errors/error-text.js';
import { ERROR_CODES, type ErrorCodeEntry, StorageError } from '../../errors/index.js';
import { httpStatusOf } from '../../module/storage-exception.filter.js';
import { isTransient } from '../../postgres/faults/sqlstate.js';
import { type Html, html } from '../html/html.js';
import type { Page } from '../html/page.js';
import { showText } from '../html/show-text.js';
import { PageError } from './page-error.js';

const QUERY_CANCELED = '57014';
const SERVICE_UNAVAILABLE = 503;
const INTERNAL_SERVER_ERROR = 500;

/** What is told of an error: no values and no stack. */
interface Told {
  readonly status: number;
  /** The code of the error, with its SQLSTATE. */
  readonly code: string | undefined;
  readonly what: string;
  /** What to do about it. */
  readonly action?: string | undefined;
}

/** The page that tells of an error. */
export function errorPage(error: unknown): Page & { readonly status: number } {
  const { status } = tell(error);
  return { status, title: STATUS_CODES[status] ?? 'Error', content: errorNotice(error) };
}

/** Tells of an error within a page. */
export function errorNotice(error: unknown): Html {
  const { what, action, code } = tell(error);
  return html`<p class="message error">${showText(what)}</p>
    ${action !== undefined && html`<p>${action}</p>`}${code !== undefined && html`<p>Code: <code>${code}</code></p>`}`;
}

/** Whether the database cannot be asked anything at the moment. */
export function isUnavailable(error: unknown): boolean {
  return tell(error).status === SERVICE_UNAVAILABLE && stateOf(error) !== QUERY_CANCELED;
}

function tell(error: unknown): Told {
  if (error instanceof PageError) {
    return { status: error.status, code: undefined, what: error.message };
  }
  const state = stateOf(error);
  if (state === QUERY_CANCELED) {
    return {
      status: SERVICE_UNAVAILABLE,
      code: state,
      what: 'The database took longer than the time limit of a query.',
    };
  }
  if (error instanceof StorageError) {
    const status = httpStatusOf(error);
    const { meaning, action }: ErrorCodeEntry = ERROR_CODES[error.code];
    // As over HTTP in general, details of the server's own faults are in the log only.
    const what = status >= INTERNAL_SERVER_ERROR ? meaning : error.message;
    return { status, code: state === undefined ? error.code : `${error.code} ${state}`, what, action };
  }
  return isTransient(error)
    ? {
        status: SERVICE_UNAVAILABLE,
        code: state,
        what: 'The database cannot be reached, or another transaction holds a lock.',
      }
    : {
        status: INTERNAL_SERVER_ERROR,
        code: state,
        what: 'This page has failed. The log of the application has the error.',
      };
}

/** The SQLSTATE, or the code of the socket, below the errors of this package. */
function stateOf(error: unknown): string | undefined {
  return error instanceof StorageError ? stateOf(error.cause) : errorCode(error);
}
