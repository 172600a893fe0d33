/**
 * A text field of whatever was thrown; undefined where there is none. `instanceof Error` would not do: under jest and in
 * vm contexts the errors of Node's own modules come from another realm.
 */
export function errorText(error: unknown, field: string): string | undefined {
  if (typeof error !== 'object' || error === null) {
    return undefined;
  }
  const value: unknown = Reflect.get(error, field);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The SQLSTATE of an error, or the code of the system, for example `ECONNRESET` or `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return errorText(error, 'code');
}

/** What an error says, without the name of its class. */
export function errorMessage(error: unknown): string {
  return errorText(error, 'message') ?? String(error);
}
