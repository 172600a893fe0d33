/** A uuid as Postgres writes it, as a regular expression of JavaScript and of Postgres. */
export const UUID_PATTERN = '^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$';

const UUID = new RegExp(UUID_PATTERN, 'i');

/** Whether a value is a well-formed id of a load or a rejected record. Postgres rejects a comparison with anything else. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}
