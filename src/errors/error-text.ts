/**
 * A non-empty text property of a thrown value, or undefined. `instanceof Error` would not do: under jest and in vm
 * contexts, errors of Node's own modules come from another realm.
 */
export function errorText(error: unknown, field: string): string | undefined {
  if (typeof error !== 'object' || error === null) {
    return undefined;
  }
  const value: unknown = Reflect.get(error, field);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The SQLSTATE or system code of an error, for example `ECONNRESET`. */
export function errorCode(error: unknown): string | undefined {
  return errorText(error, 'code');
}

/** The message of an error, without its class name. */
export function errorMessage(error: unknown): string {
  return errorText(error, 'message') ?? String(error);
}
