import { errorCode, errorText } from '../errors/error-text.js';

/**
 * The safe part of a database error. Postgres puts row values into `message` (class 22), `detail` (class 23) and `where`
 * (COPY), so errors about data pass on none of these.
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
 * Texts of common codes. The server's own text, to which an extension or function may add values, is used for a few
 * classes only; other codes are shown as they are.
 */
export const CONDITIONS: Readonly<Record<string, string>> = {
  '08003': 'connection does not exist',
  '08006': 'connection failure',
  '08P01': 'protocol violation',
  '0A000': 'not supported by this database',
  '21000': 'the statement affects a row twice',
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
  '25P02': 'an earlier statement of the transaction failed',
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
  '53400': 'configuration limit exceeded',
  '54000': 'index row too large',
  '54001': 'statement too complex',
  '54011': 'too many columns',
  '55006': 'object in use',
  '55P03': 'lock not available (lock_timeout)',
  '57014': 'statement cancelled (statement_timeout, or a cancel request)',
  '57P01': 'connection closed by the server (shutdown or administrator command)',
  '57P02': 'the server crashed',
  '57P03': 'the server does not accept connections now',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed by the other side',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  ECONNREFUSED: 'connection refused; check that Postgres is running at this address',
  ENOTFOUND: 'host not found',
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate was issued for another host name",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the CA of the server's certificate is unknown",
  SELF_SIGNED_CERT_IN_CHAIN: "the CA of the server's certificate is unknown",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is self-signed",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
};

/** Messages of these classes contain names of database objects only, never data. */
const MESSAGE_WITHOUT_DATA: ReadonlySet<string> = new Set(['28', '3D', '3F', '42']);

/** The safe part of any thrown value. */
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

/** An error that is safe as a `cause`: code and names, no values, no connection string. */
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

/** The server's message if it contains no row values. */
function textOf(error: unknown, code: string): string {
  // Without a code, it is pg's own text about the connection, or a bug of ours.
  if (code !== 'UNKNOWN' && !MESSAGE_WITHOUT_DATA.has(code.slice(0, 2))) {
    return 'rejected';
  }
  // Functions may build statements from values, which errors then quote as names, or raise any text.
  if (errorText(error, 'where') !== undefined) {
    return 'rejected by a function or trigger of the database';
  }
  return errorText(error, 'message') ?? 'unknown error';
}

/** Whether a function or trigger raised the error by RAISE, with any code and any text in its fields. */
function isRaised(error: unknown): boolean {
  return errorText(error, 'routine') === 'exec_stmt_raise';
}
