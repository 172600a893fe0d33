/**
 * COPY's text format: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
 * Only these four characters need an escape; with backslashes escaped, data never looks like `\N` or a line of `\.`.
 */
const SPECIAL = /[\\\t\n\r]/;
const EVERY_SPECIAL = /[\\\t\n\r]/g;

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** The field of a null. */
export const COPY_NULL = '\\N';

/** The field of a value. */
export function copyField(value: string | null | undefined): string {
  if (value === null || value === undefined) {
    return COPY_NULL;
  }
  return SPECIAL.test(value) ? value.replaceAll(EVERY_SPECIAL, (character) => ESCAPES[character] as string) : value;
}
