/**
 * Date-time formats that a timestamptz reproduces exactly: in UTC, with seconds, milliseconds or microseconds.
 * `[.ssssss]` means a fraction that is omitted if it is 0, as in Python's isoformat().
 */
const DATE_TIME_FORMS = ['T', ' '].flatMap((separator) =>
  ['', '.sss', '.ssssss', '[.ssssss]'].flatMap((fraction) =>
    ['Z', '+00:00'].map((zone) => `YYYY-MM-DD${separator}hh:mm:ss${fraction}${zone}`),
  ),
);

const FORM = /^YYYY-MM-DD(?<separator>[T ])hh:mm:ss(?<fraction>.*?)(?<zone>Z|\+00:00)$/;

interface FormParts {
  readonly separator: string;
  readonly fraction: string;
  readonly zone: string;
}

function partsOf(form: string): FormParts {
  const parts = FORM.exec(form)?.groups;
  if (parts === undefined || !DATE_TIME_FORMS.includes(form)) {
    throw new TypeError(`${JSON.stringify(form)} is not a supported date-time format: ${DATE_TIME_FORMS.join(', ')}`);
  }
  return parts as unknown as FormParts;
}

/** SQL that formats a timestamptz; digits that the format would lose are written as microseconds. */
export function renderMoment(form: string, moment: string): string {
  const { separator, fraction, zone } = partsOf(form);
  const render = (pattern: string): string =>
    `to_char(${moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD"${separator}"HH24:MI:SS${pattern}"${zone}"')`;
  const when = (unit: string, pattern: string): string =>
    `CASE WHEN date_trunc('${unit}', ${moment}) = ${moment} THEN ${render(pattern)} ELSE ${render('.US')} END`;
  switch (fraction) {
    case '.sss':
      return when('milliseconds', '.MS');
    case '.ssssss':
      return render('.US');
    default:
      return when('second', '');
  }
}

/** The first and last date-time in these formats. */
export const WRITABLE_MOMENTS = `'0001-01-01T00:00:00Z' AND '9999-12-31T23:59:59.999999Z'`;

const SHAPE = String.raw`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?(Z|\+00:00)$`;

/**
 * SQL condition: the text has the shape of a date-time, and the date exists. Nested CASEs, because Postgres may evaluate
 * the sides of an AND in any order, and casting an invalid date raises an error.
 */
export function isMoment(text: string): string {
  const number = (from: number, length: number): string => `substr(${text}, ${from}, ${length})::integer`;
  const [year, month, day] = [number(1, 4), number(6, 2), number(9, 2)];
  return `CASE WHEN ${text} ~ '${SHAPE}' THEN
    CASE WHEN ${year} >= 1 AND ${month} BETWEEN 1 AND 12
          AND ${number(12, 2)} <= 23 AND ${number(15, 2)} <= 59 AND ${number(18, 2)} <= 59
    THEN ${day} BETWEEN 1
     AND extract(day FROM make_date(${year}, ${month}, 1) + interval '1 month' - interval '1 day')
    ELSE false END ELSE false END`;
}

/** SQL of the format of a text for which {@link isMoment} holds; distinguishes zero microseconds. */
export function formOf(text: string): string {
  const fraction = `substring(${text} FROM '[.](\\d+)')`;
  return `'YYYY-MM-DD' || substr(${text}, 11, 1) || 'hh:mm:ss' ||
    CASE WHEN ${fraction} = '000000' THEN '.000000' ELSE coalesce('.' || repeat('s', length(${fraction})), '') END ||
    substring(${text} FROM '(?:Z|[+]00:00)$')`;
}

/** The one format that reproduces texts of all these formats, as named by {@link formOf}; undefined if there is none. */
export function commonForm(found: ReadonlySet<string>): string | undefined {
  const forms = new Set([...found].map((form) => form.replace('.000000', '.ssssss')));
  if (forms.size === 1) {
    return [...forms][0];
  }
  const optional = [...found].find((form) => form.includes('.ssssss'))?.replace('.ssssss', '[.ssssss]') ?? '';
  // A written fraction of zeros would be indistinguishable from an omitted one.
  const covered = ['', '.ssssss'].map((fraction) => optional.replace('[.ssssss]', fraction));
  return found.size === 2 && covered.every((form) => found.has(form)) ? optional : undefined;
}
