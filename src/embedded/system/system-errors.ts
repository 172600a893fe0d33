import { errorCode } from '../../errors/error-text.js';

/** For `promise.catch(...)`: failures with these codes give `undefined`, all others go on as they are. */
export function ignoring(...codes: string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(errorCode(error) ?? '')) throw error;
    return undefined;
  };
}
