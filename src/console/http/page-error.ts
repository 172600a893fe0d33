/** A request that a page does not take. The error page shows the message, which therefore holds no values of records. */
export class PageError extends Error {
  override readonly name = 'PageError';

  constructor(
    readonly status: 400 | 403 | 404 | 409,
    message: string,
  ) {
    super(message);
  }
}
