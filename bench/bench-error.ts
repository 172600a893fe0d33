import { StorageError } from '../src/errors/index.js';
import { describeFault } from '../src/postgres/faults/database-fault.js';

/** The bench cannot measure; its message is safe to print. */
export class BenchError extends Error {
  override readonly name: string = 'BenchError';
}

/** What went wrong, safe to print. */
export function faultOf(error: unknown): string {
  return error instanceof BenchError || error instanceof StorageError ? error.message : describeFault(error).message;
}

/** Waits for work, but not for ever. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new BenchError(`it took more than ${milliseconds / 1000} s`);
    timer = setTimeout(() => reject(error), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
