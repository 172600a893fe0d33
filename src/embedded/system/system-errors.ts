import { errorCode } from '../../errors/error-text.js';

/** For `promise.catch(...)`: returns `undefined` for errors with these codes, rethrows all others. */
export function ignoring(...codes: string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(errorCode(error) ?? '')) throw error;
    return undefined;
  };
}
