import type { RejectRule } from '../../records/reject-reasons.js';

/** Thrown inside the normalizer when a value cannot be stored exactly as it came; never leaves the loader. */
export class RejectedValue extends Error {
  /**
   * @param rule - stable rule name, stored as the reason in quarantine
   * @param message - says what was expected; never quotes the value
   * @param column - the column, where it is known
   */
  constructor(
    readonly rule: RejectRule,
    message: string,
    readonly column?: string,
  ) {
    super(message);
  }
}

/** Runs `read`; its rejections get this column. */
export function atColumn<T>(column: string | undefined, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw rejectedAt(column, error);
  }
}

/** The same rejection with this column; other errors stay as they are. */
export function rejectedAt(column: string | undefined, error: unknown): unknown {
  return error instanceof RejectedValue ? new RejectedValue(error.rule, error.message, column) : error;
}

/** Names a value's type for a message, without the value. */
export function nameType(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  if (typeof value !== 'object') {
    return typeof value;
  }
  // Never through the value's own properties: `constructor` is data.
  const tag = Array.isArray(value) ? 'array' : Object.prototype.toString.call(value).slice(8, -1);
  // A tag of its own (Symbol.toStringTag) can be any text.
  return tag === 'array' || Object.hasOwn(globalThis, tag) ? tag : 'object';
}
