import { errorCode } from '../errors/error-text.js';
import { StorageError } from '../errors/index.js';
import { describeFault, PostgresError } from './database-fault.js';
import { classifyFault } from './sqlstate.js';

const NAME_THE_AUTHORITY = 'add the CA of your provider to the url: &sslrootcert=/path/to/ca.crt';

/** What to look at when a connection fails for this reason. */
const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'start the server, or correct host and port',
  ENOTFOUND: 'correct the host',
  '28P01': 'correct user and password',
  '28000': 'correct the user, or allow it in pg_hba.conf',
  '3D000': 'create the database, or correct its name',
  ERR_TLS_CERT_ALTNAME_INVALID: 'connect by the host name the certificate was issued for',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NAME_THE_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: NAME_THE_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: 'add the certificate itself to the url: &sslrootcert=/path/to/server.crt',
  CERT_HAS_EXPIRED: "renew the server's certificate",
};

/** Whether the way to the database is at fault, or what it was entered with. */
export function isConnectionFault(error: unknown): boolean {
  return classifyFault(error) === 'connection' || Object.hasOwn(REMEDIES, errorCode(error) ?? '');
}

/**
 * Says where a connection failed and what to do, without user and password.
 * @param url - undefined for a connection that was not given by url
 */
export function connectionError(url: string | undefined, error: unknown): StorageError {
  const fault = describeFault(error);
  const parsed = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  // Behind an unescaped slash of the password all the rest is the path, and what seems to be the host is the user.
  const isMisread = parsed?.pathname.includes('@') === true;
  const place = parsed === undefined || isMisread ? 'the database' : placeOf(parsed);
  const remedy = isMisread
    ? 'percent-encode the special characters of the password in the url, / as %2F'
    : (REMEDIES[fault.code] ?? 'check the connection url');
  return new StorageError('CONNECTION_FAILED', `Cannot connect to ${place}: ${fault.message}. To fix: ${remedy}.`, {
    cause: PostgresError.from(error),
  });
}

function placeOf({ hostname, port, pathname }: URL): string {
  return `Postgres at ${hostname}:${port === '' ? '5432' : port}${pathname}`;
}
