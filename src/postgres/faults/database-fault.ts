import { errorCode, errorText } from '../../errors/error-text.js';
import { CONDITIONS } from './conditions.js';
import { isConnectionText } from './sqlstate.js';

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
 * Where an error was met. With rows in the statement, the server's own text may quote a value, whatever its class; without
 * them, texts of class 42 name objects.
 */
export type FaultScope = 'rows' | 'schema';

/** Names its constraint, except where no partition takes the row: there only the table. */
const CHECK_VIOLATION = '23514';

/** The safe part of any thrown value. */
export function describeFault(error: unknown, scope: FaultScope = 'rows'): DatabaseFault {
  if (error instanceof PostgresError) {
    return error;
  }
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
  const isUnnamed = code === CHECK_VIOLATION && table !== undefined && constraint === undefined;
  const what = `${textOf(error, code, scope)}${isUnnamed ? ' without a constraint: maybe no partition takes the row' : ''}`;
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

  static from(error: unknown, scope?: FaultScope): PostgresError {
    return error instanceof PostgresError ? error : new PostgresError(describeFault(error, scope));
  }
}

/** A text of our own for the code; the error's own where it holds no row values. */
function textOf(error: unknown, code: string, scope: FaultScope): string {
  const text = errorText(error, 'message');
  if (code === 'UNKNOWN') {
    // pg's own text about the connection; otherwise a bug of ours, whose text may quote anything.
    return text === undefined || scope === 'schema' || isConnectionText(text)
      ? (text ?? 'unknown error')
      : 'unexpected error';
  }
  // Functions may build statements from values, which errors then quote as names, or raise any text.
  const isPlain = errorText(error, 'where') === undefined && !isRaised(error);
  if (scope === 'schema' && NAMING_CLASSES.has(code.slice(0, 2)) && isPlain && text !== undefined) {
    return text;
  }
  // An error of the operating system names a file, never a row.
  const isOfSystem = scope === 'schema' && errorText(error, 'syscall') !== undefined;
  return CONDITIONS[code] ?? (isOfSystem ? text : undefined) ?? 'rejected';
}

/** Errors of these classes name objects of the database. */
const NAMING_CLASSES: ReadonlySet<string> = new Set(['3F', '42']);

/** Whether a function or trigger raised the error by RAISE, with any code and any text in its fields. */
function isRaised(error: unknown): boolean {
  return errorText(error, 'routine') === 'exec_stmt_raise';
}
