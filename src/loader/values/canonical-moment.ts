import { DATE_TIME, USUAL_MOMENT, withoutDateMark } from './date-time-text.js';

/** The calendar repeats after so many years. */
const CYCLE_YEARS = 400;
const CYCLE_SECONDS = 146_097 * 86_400;
/** A zone that Postgres reads: it takes none of 16 hours. */
const ZONE = /^([+-])(0\d|1[0-5]):?([0-5]\d)?:?([0-5]\d)?$/;

/**
 * One text for all texts of a timestamp, with or without time zone, that are the same moment: seconds since 1970, and
 * microseconds. The texts are those that the converters write. One with a zone that Postgres does not read is left as it is.
 */
export function canonicalMoment(text: string): string {
  if (text.endsWith('Z') && USUAL_MOMENT.test(text)) {
    return withMicroseconds(Math.floor(Date.parse(text) / 1000), text);
  }
  const parts = DATE_TIME.exec(withoutDateMark(text));
  const offset = parts === null ? undefined : secondsOfZone(parts[7]);
  // An infinity has one text.
  return parts === null || offset === undefined ? text : withMicroseconds(secondsOf(parts) - offset, text);
}

function withMicroseconds(seconds: number, text: string): string {
  const digits = /\.(\d{1,6})/.exec(text)?.[1] ?? '';
  return `${seconds}.${digits.padEnd(6, '0')}`;
}

/** Seconds to the east of Greenwich; undefined for a zone that Postgres does not read. */
function secondsOfZone(zone = 'Z'): number | undefined {
  if (zone.toUpperCase() === 'Z') {
    return 0;
  }
  const parts = ZONE.exec(zone);
  if (parts === null) {
    return undefined;
  }
  const [hours = 0, minutes = 0, seconds = 0] = parts.slice(2).map((part = '0') => Number(part));
  return (parts[1] === '-' ? -1 : 1) * ((hours * 60 + minutes) * 60 + seconds);
}

/** Date takes fewer years than Postgres, so the year is counted within a cycle. */
function secondsOf([, ...parts]: RegExpExecArray): number {
  const [own = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(0, 6)
    .map((part = '0') => Number(part));
  // 1 BC is the year 0.
  const year = parts[7] === undefined ? own : 1 - own;
  const cycles = Math.floor(year / CYCLE_YEARS);
  return (
    Date.UTC(2000 + year - cycles * CYCLE_YEARS, month - 1, day, hour, minute, second) / 1000 +
    (cycles - 2000 / CYCLE_YEARS) * CYCLE_SECONDS
  );
}
