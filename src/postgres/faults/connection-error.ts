import { errorCode, errorText } from '../../errors/error-text.js';
import { StorageError } from '../../errors/index.js';
import { describeFault, PostgresError } from './database-fault.js';
import { classifyFault } from './sqlstate.js';

const NAME_THE_AUTHORITY = 'add the CA of your provider to the URL: &sslrootcert=/path/to/ca.crt';

/** What to do about a failed connection, by error code. */
const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'start the server, or correct host and port',
  ENOTFOUND: 'correct the host',
  '28P01': 'correct user and password',
  '28000': 'correct the user, or allow it in pg_hba.conf',
  '53300': 'retry when connections are free, use a smaller pool, or raise max_connections or the limit of the role',
  '57P03': 'retry when the server has started',
  '25006': 'connect to the primary',
  '3D000': 'create the database, or correct its name',
  ERR_TLS_CERT_ALTNAME_INVALID: 'connect by the host name the certificate was issued for',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NAME_THE_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: NAME_THE_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: 'add the certificate itself to the URL: &sslrootcert=/path/to/server.crt',
  CERT_HAS_EXPIRED: "renew the server's certificate",
};

/** Whether the connection or its credentials are at fault. */
export function isConnectionFault(error: unknown): boolean {
  return classifyFault(error) === 'connection' || Object.hasOwn(REMEDIES, errorCode(error) ?? '');
}

/**
 * A StorageError about a failed connection: where it failed and what to do, without user and password.
 * @param url - undefined for a connection without a URL
 */
export function connectionError(url: string | undefined, error: unknown): StorageError {
  const fault = describeFault(error, 'schema');
  const parsed = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  // After an unescaped slash in the password the rest parses as the path, and the user as the host.
  const isMisread = parsed?.pathname.includes('@') === true;
  const place = parsed === undefined || isMisread ? 'the database' : addressOf(parsed);
  const remedy = isMisread
    ? 'percent-encode special characters of the password in the URL, / as %2F'
    : (REMEDIES[fault.code] ?? 'check the connection URL');
  return new StorageError('CONNECTION_FAILED', `Could not connect to ${place}: ${fault.message}. To fix: ${remedy}.`, {
    cause: PostgresError.from(error, 'schema'),
  });
}

/** As pg reads the URL: its query may name host and port, and a host that begins with a slash is a socket's directory. */
function addressOf({ hostname, port, pathname, searchParams }: URL): string {
  const host = searchParams.get('host') || decodeURIComponent(hostname) || process.env['PGHOST'] || 'localhost';
  const number = searchParams.get('port') || port || process.env['PGPORT'] || '5432';
  return host.startsWith('/')
    ? `Postgres at the socket ${host}/.s.PGSQL.${number}, database ${pathname.slice(1)}`
    : `Postgres at ${host}:${number}${pathname}`;
}

/** Base of errors about a lost connection; code and message are those of the original error. */
class ConnectionLoss extends Error {
  readonly code: string | undefined;

  constructor(cause: unknown) {
    super(errorText(cause, 'message') ?? '', { cause });
    this.code = errorCode(cause);
  }
}

/** No connection could be opened, or none on which a transaction can write, so nothing was executed. */
export class NotConnectedError extends ConnectionLoss {
  override readonly name = 'NotConnectedError';
}

/** Commit outcome unknown: the connection was lost during COMMIT, and the database cannot be asked. */
export class CommitUnansweredError extends ConnectionLoss {
  override readonly name = 'CommitUnansweredError';
}
