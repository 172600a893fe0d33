/**
 * The code of a failure, for example `ENOENT`. Errors are known by their shape here: those of the system belong to
 * another realm than ours in test runners, where `instanceof Error` does not hold.
 */
export function errorCode(error: unknown): string | undefined {
  return textOf(error, 'code');
}

/** What the failure says, without the name of its class. */
export function errorMessage(error: unknown): string {
  return textOf(error, 'message') ?? String(error);
}

/** For `promise.catch(...)`: failures with these codes give `undefined`, all others go on as they are. */
export function ignoring(...codes: string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(errorCode(error) ?? '')) throw error;
    return undefined;
  };
}

function textOf(error: unknown, key: 'code' | 'message'): string | undefined {
  const value = typeof error === 'object' && error !== null ? Reflect.get(error, key) : undefined;
  return typeof value === 'string' ? value : undefined;
}
