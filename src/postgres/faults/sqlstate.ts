import { errorCode, errorText } from '../../errors/error-text.js';

/**
 * How an error is handled, by its SQLSTATE.
 * Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export type FaultKind =
  /** the fault of one row: it is quarantined, the load continues */
  | 'row'
  /** perhaps the fault of one row, perhaps met by every row: only trying the rows apart tells */
  | 'uncertain'
  /** blocked by another transaction: a retry may succeed */
  | 'contention'
  /** the server is down or unreachable: a retry on a fresh connection may succeed */
  | 'connection'
  /** statement_timeout or a cancel request */
  | 'cancelled'
  /** the schema no longer matches the plan of the load; by a plan that is up to date, as 'uncertain' */
  | 'schema'
  /** ours or the operator's to fix: stop */
  | 'terminal';

/** COPY format errors: a fault of our encoder, not of the row. */
const BAD_COPY_FILE_FORMAT = '22P04';

const ROW_CLASSES: ReadonlySet<string> = new Set(['22', '23']);
const ROW_CODES: ReadonlySet<string> = new Set([
  '54000', // program_limit_exceeded: an index row too large
  '54001', // statement_too_complex: nesting
]);

/** Faults of a connection, a transaction, a resource or the server, never of a row. */
const TERMINAL_CLASSES: ReadonlySet<string> = new Set(['08', '25', '28', '3D', '40', '53', '57', '58', 'F0', 'XX']);
/** An internal error may be an input function's or an extension's own: `cube` and `seg` raise it for bad input. */
const INTERNAL_ERROR = 'XX000';

/** read_only_sql_transaction: a standby, as after a failover, or default_transaction_read_only. */
export const READ_ONLY = '25006';

const CONTENTION_CODES: ReadonlySet<string> = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available
]);

const CONNECTION_CODES: ReadonlySet<string> = new Set([
  '53300', // too_many_connections
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '08000', // connection_exception
  '08001', // sqlclient_unable_to_establish_sqlconnection
  '08003', // connection_does_not_exist
  '08004', // sqlserver_rejected_establishment_of_sqlconnection
  '08006', // connection_failure
  '25P03', // idle_in_transaction_session_timeout
  READ_ONLY,
  'ECONNRESET',
  'EPIPE',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EAI_AGAIN', // no answer from the name server
]);

const SCHEMA_CODES: ReadonlySet<string> = new Set([
  '42P01', // undefined_table
  '42703', // undefined_column
  '42804', // datatype_mismatch
  '42P10', // invalid_column_reference: ON CONFLICT without its unique index
  '42883', // undefined_function: no operator between the type of the plan and that of the column
  '42704', // undefined_object: the type of the plan
]);

/** 0A000 has other meanings too; the server routine that raises this one has the same name in every language. */
const STALE_PLAN = { code: '0A000', routine: 'RevalidateCachedQuery' } as const;

const QUERY_CANCELED = '57014';

/** A missing grant, or a row level policy. */
export const INSUFFICIENT_PRIVILEGE = '42501';

/** The row that is referred to may come later. */
export const FOREIGN_KEY_VIOLATION = '23503';

/** Another row has the value of a unique or exclusion key. */
export const TAKEN_VALUES: readonly string[] = ['23505', '23P01'];

/** Classes of what COPY does not do, and of what a table or role does not let it do. */
const UNSUPPORTED_CLASSES: ReadonlySet<string> = new Set(['0A', '42']);

/** pg raises these without a code. */
const CODELESS_CONNECTION_LOSS =
  /^Connection terminated|not queryable|timeout exceeded when trying to connect|Query read timeout/;

/** PgBouncer reports a lost or slow server, and a failed login to it, as a protocol violation. */
const POOLER_LOSS =
  /query_wait_timeout|server conn crashed|server login has been failing|server login failed: \w+ the database system is|client_login_timeout \(server down\)/;

/** What PgBouncer rejects at every attempt: a login, a database, a parameter. */
const POOLER_REJECTION =
  /authentication|password|no such|not allowed|does not|disabled|unsupported|required|config|invalid|server login failed: \w+ (?!the database system is)/i;

/** A distributed engine reports a lost worker as an internal error, also in the words of libpq about its connection there. */
const WORKER_LOSS =
  /worker|remote node|SSL SYSCALL error|server closed the connection|marked as essential|connect to any active placements/i;

/** Codes that are more than that, and what Citus says by them when it has lost a worker. */
const WORKER_LOSS_BY_CODE: Readonly<Record<string, RegExp>> = {
  [INTERNAL_ERROR]: WORKER_LOSS,
  '08006': /connection to the remote node|establish any connections to the node/,
  '58030': /^failed to COPY to shard/,
};

/** Five digits or letters; the codes of Node's system errors, such as EPERM, are letters only. */
const SQLSTATE = /^(?!E[A-Z]{4}$)[0-9A-Z]{5}$/;

/** Whether pg says this of a connection: an error without a code, and without a value of a row. */
export function isConnectionText(message: string): boolean {
  return CODELESS_CONNECTION_LOSS.test(message) || /^SASL|SSL/.test(message);
}

/** SQL condition: the SQLSTATE is a row's fault, as in {@link classifyFault}. */
export function isRowFaultSql(state: string): string {
  return `(left(${state}, 2) IN (${listSql(ROW_CLASSES)}) AND ${state} <> '${BAD_COPY_FILE_FORMAT}'
        OR ${state} IN (${listSql(ROW_CODES)}))`;
}

/** SQL condition: an error is or may be a row's fault, as in {@link mayBeOfRow}. */
export function mayBeOfRowSql(state: string, message: string): string {
  return `(${state} NOT IN (${listSql([...CONTENTION_CODES, BAD_COPY_FILE_FORMAT])})
        AND (left(${state}, 2) NOT IN (${listSql(TERMINAL_CLASSES)})
             OR ${state} = '${INTERNAL_ERROR}' AND ${message} !~* '${WORKER_LOSS.source}'))`;
}

function listSql(names: Iterable<string>): string {
  return Array.from(names, (name) => `'${name}'`).join(', ');
}

/** Classifies an error of pg or of its socket. */
export function classifyFault(error: unknown): FaultKind {
  const code = errorCode(error);
  const message = errorText(error, 'message') ?? '';
  if (code === undefined) {
    return CODELESS_CONNECTION_LOSS.test(message) ? 'connection' : 'terminal';
  }
  if (code === QUERY_CANCELED) {
    return 'cancelled';
  }
  if (CONTENTION_CODES.has(code)) {
    return 'contention';
  }
  if (CONNECTION_CODES.has(code)) {
    return 'connection';
  }
  if ((code === '08P01' && isPoolerLoss(error, message)) || isWorkerLoss(error)) {
    return 'connection';
  }
  if (ROW_CODES.has(code) || (ROW_CLASSES.has(code.slice(0, 2)) && code !== BAD_COPY_FILE_FORMAT)) {
    return 'row';
  }
  if (code === STALE_PLAN.code && errorText(error, 'routine') === STALE_PLAN.routine) {
    return 'schema';
  }
  if (SCHEMA_CODES.has(code)) {
    return 'schema';
  }
  return isUncertain(error, code) ? 'uncertain' : 'terminal';
}

/** Whether a distributed engine has lost a server on which it keeps rows; it takes that server back once it runs again. */
export function isWorkerLoss(error: unknown): boolean {
  return WORKER_LOSS_BY_CODE[errorCode(error) ?? '']?.test(errorText(error, 'message') ?? '') === true;
}

/** PgBouncer has many texts for a connection that it ends, and names no routine of a server. */
function isPoolerLoss(error: unknown, message: string): boolean {
  const isOfPooler = errorText(error, 'severity') === 'FATAL' && errorText(error, 'routine') === undefined;
  return POOLER_LOSS.test(message) || (isOfPooler && !POOLER_REJECTION.test(message));
}

/** The SQLSTATE of an error; undefined for one that has none. */
export function sqlstateOf(error: unknown): string | undefined {
  const code = errorCode(error);
  return code !== undefined && (SQLSTATE.test(code) || errorText(error, 'severity') !== undefined) ? code : undefined;
}

function isUncertain(error: unknown, code: string): boolean {
  const isTerminal = TERMINAL_CLASSES.has(code.slice(0, 2)) && code !== INTERNAL_ERROR;
  return sqlstateOf(error) !== undefined && !isTerminal && code !== BAD_COPY_FILE_FORMAT;
}

/** Whether an error is or may be the fault of single rows, so that it is worth trying them apart. */
export function mayBeOfRow(error: unknown): boolean {
  const kind = classifyFault(error);
  return kind === 'row' || kind === 'uncertain' || kind === 'schema';
}

/** Whether a COPY of rows has failed where INSERT … ON CONFLICT of the same rows may pass. */
export function isOfCopyOnly(error: unknown): boolean {
  const code = errorCode(error) ?? '';
  return TAKEN_VALUES.includes(code) || UNSUPPORTED_CLASSES.has(code.slice(0, 2));
}

/** Whether another transaction caused the error, on an intact connection. */
export function isContention(error: unknown): boolean {
  return classifyFault(error) === 'contention';
}

/** Whether a retry may succeed. */
export function isTransient(error: unknown): boolean {
  const kind = classifyFault(error);
  return kind === 'contention' || kind === 'connection';
}
