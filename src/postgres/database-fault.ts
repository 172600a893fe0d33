import { errorCode, errorText } from '../errors/error-text.js';

/**
 * What may be said of a database error. Postgres puts row values into `message` (class 22), `detail` (class 23) and
 * `where` (COPY), so none of these is passed on for errors about data.
 */
export interface DatabaseFault {
  /** SQLSTATE, a socket code such as ECONNREFUSED, or `UNKNOWN` */
  readonly code: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  /** Built from the fields above; safe to log and to store. */
  readonly message: string;
}

/**
 * Names of the codes people meet most. The server's own text, which an extension or a function may have written with
 * values in it, is passed on for a few classes only; the rest is shown by code alone.
 */
export const CONDITIONS: Readonly<Record<string, string>> = {
  '08003': 'connection does not exist',
  '08006': 'connection failure',
  '08P01': 'protocol violation',
  '0A000': 'not supported by this database',
  '21000': 'the statement met a row twice',
  '22001': 'string too long',
  '22003': 'number out of range',
  '22007': 'invalid date or time',
  '22008': 'date or time out of range',
  '22021': 'invalid byte sequence',
  '22P04': 'bad COPY data',
  '22P02': 'invalid text representation',
  '22P05': 'untranslatable character',
  '23502': 'null in a NOT NULL column',
  '23503': 'foreign key violation',
  '23505': 'duplicate key',
  '23514': 'check violation',
  '23P01': 'exclusion violation',
  '25006': 'the database is read-only',
  '25P02': 'the transaction had failed before',
  '25P03': 'the transaction was idle for too long',
  '28000': 'login failed',
  '28P01': 'wrong password',
  '3D000': 'database does not exist',
  '40001': 'serialization failure',
  '40P01': 'deadlock',
  '42501': 'permission denied',
  '53100': 'disk full',
  '53200': 'out of memory',
  '53300': 'too many connections',
  '53400': 'a limit of the configuration is exceeded',
  '54000': 'index row too large',
  '54001': 'statement too complex',
  '54011': 'too many columns',
  '55006': 'object in use',
  '55P03': 'lock not available (lock_timeout)',
  '57014': 'statement cancelled (statement_timeout, or a cancel request)',
  '57P01': 'connection ended by the server (shutdown, or an administrator)',
  '57P02': 'the server crashed',
  '57P03': 'the server takes no connections now',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed by the other side',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  ECONNREFUSED: 'connection refused: is Postgres running at that address?',
  ENOTFOUND: 'host not found',
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another host name",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the authority of the server's certificate is not known here",
  SELF_SIGNED_CERT_IN_CHAIN: "the authority of the server's certificate is not known here",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is signed by itself",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
};

/** Messages of these classes name database objects only, never data. */
const MESSAGE_WITHOUT_DATA: ReadonlySet<string> = new Set(['28', '3D', '3F', '42']);

/** Reduces any thrown value to what may be shown. */
export function describeFault(error: unknown): DatabaseFault {
  const code = errorCode(error) ?? 'UNKNOWN';
  const name = (field: string): string | undefined => (isRaised(error) ? undefined : errorText(error, field));
  const table = name('table');
  const column = name('column');
  const constraint = name('constraint');
  const place = [
    table && `table ${table}`,
    column && `column ${column}`,
    constraint && `constraint ${constraint}`,
  ].filter(Boolean);
  const what = CONDITIONS[code] ?? textOf(error, code);
  const message = `${what}${place.length > 0 ? ` (${place.join(', ')})` : ''} [${code}]`;
  return { code, table, column, constraint, message };
}

/** An error that is safe to keep as a `cause`: code and names, no values, no connection string. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
  readonly code: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;

  constructor(fault: DatabaseFault) {
    super(fault.message);
    this.code = fault.code;
    this.table = fault.table;
    this.column = fault.column;
    this.constraint = fault.constraint;
  }

  static from(error: unknown): PostgresError {
    return error instanceof PostgresError ? error : new PostgresError(describeFault(error));
  }
}

/** The message, where it holds no row values. */
function textOf(error: unknown, code: string): string {
  // Without a code it is pg's own text about the connection, or a bug of ours.
  if (code !== 'UNKNOWN' && !MESSAGE_WITHOUT_DATA.has(code.slice(0, 2))) {
    return 'rejected';
  }
  // There a statement may be put together from values, which its errors then quote as names; or any text is raised.
  if (errorText(error, 'where') !== undefined) {
    return 'rejected inside a function or trigger of the database';
  }
  return errorText(error, 'message') ?? 'unknown error';
}

/** Whether a function or trigger has raised it by RAISE, under any code and with any text in every field. */
function isRaised(error: unknown): boolean {
  return errorText(error, 'routine') === 'exec_stmt_raise';
}
