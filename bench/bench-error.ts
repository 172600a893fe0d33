/** The bench cannot measure; its message is safe to print. */
export class BenchError extends Error {
  override readonly name: string = 'BenchError';
}
