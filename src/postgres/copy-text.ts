/**
 * COPY's text format: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
 * Only these four characters need an escape; with backslashes escaped, data never looks like `\N` or a line of `\.`.
 */
const SPECIAL = /[\\\t\n\r]/;
const LINE_OR_TAB = /[\t\n\r]/;

/** The field of a null. */
export const COPY_NULL = '\\N';

/** The field of a column's default, by {@link DEFAULT_OPTION}. Like the one of a null, it is told from data by its backslash. */
export const COPY_DEFAULT = '\\D';
/** COPY's option by which rows may take a column's default: from Postgres 16 on. */
export const DEFAULT_OPTION = ` (DEFAULT E'\\${COPY_DEFAULT}')`;

/** The field of a value. */
export function copyField(value: string | null | undefined): string {
  if (value === null || value === undefined) {
    return COPY_NULL;
  }
  if (!SPECIAL.test(value)) {
    return value;
  }
  // Backslashes first: the others bring their own.
  const escaped = value.replaceAll('\\', '\\\\');
  return LINE_OR_TAB.test(escaped)
    ? escaped.replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r')
    : escaped;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** The value of a field, as {@link copyField} wrote it. */
export function valueOfField(field: string): string | null {
  if (!field.includes('\\')) {
    return field;
  }
  return field === COPY_NULL ? null : field.replaceAll(/\\(.)/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped);
}
