import { DATE_TIME, isMarkedDate, USUAL_MOMENT } from './date-time-text.js';

/** The calendar repeats after so many years. */
const CYCLE_YEARS = 400;
const CYCLE_MS = 146_097 * 86_400_000;
/** A zone that Postgres reads: it takes none of 16 hours. */
const ZONE = /^([+-])(0\d|1[0-5]):?([0-5]\d)?:?([0-5]\d)?$/;

/**
 * One text for all texts of a timestamp, with or without time zone, that are the same moment: milliseconds since 1970, and the
 * microseconds beyond them. The texts are those that the converters write. A text that Postgres cannot read equals no other.
 */
export function canonicalMoment(text: string): string {
  if (text.endsWith('Z') && USUAL_MOMENT.test(text)) {
    return withMicroseconds(Date.parse(text), text);
  }
  const parts = DATE_TIME.exec(isMarkedDate(text) ? text.slice(0, text.lastIndexOf(' ')) : text);
  const offset = parts === null ? undefined : millisecondsOfZone(parts[7]);
  // An infinity has one text.
  return parts === null || offset === undefined ? text : withMicroseconds(millisecondsOf(parts) - offset, text);
}

function withMicroseconds(milliseconds: number, text: string): string {
  const further = /\.\d{3}(\d{1,3})/.exec(text)?.[1] ?? '';
  return `${milliseconds}.${further.padEnd(3, '0')}`;
}

/** The milliseconds of a zone to the east of Greenwich; undefined for a zone that Postgres does not read. */
function millisecondsOfZone(zone = 'Z'): number | undefined {
  if (zone.toUpperCase() === 'Z') {
    return 0;
  }
  const parts = ZONE.exec(zone);
  if (parts === null) {
    return undefined;
  }
  const [hours = 0, minutes = 0, seconds = 0] = parts.slice(2).map((part = '0') => Number(part));
  return (parts[1] === '-' ? -1000 : 1000) * ((hours * 60 + minutes) * 60 + seconds);
}

/** Date takes fewer years than Postgres, so the year is counted within a cycle. */
function millisecondsOf([text, ...parts]: RegExpExecArray): number {
  const [own = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(0, 6)
    .map((part = '0') => Number(part));
  // 1 BC is the year 0.
  const year = parts[7] === undefined ? own : 1 - own;
  const cycles = Math.floor(year / CYCLE_YEARS);
  const millisecond = Number(/\.(\d{1,3})/.exec(text)?.[1]?.padEnd(3, '0') ?? 0);
  return (
    Date.UTC(2000 + year - cycles * CYCLE_YEARS, month - 1, day, hour, minute, second, millisecond) +
    (cycles - 2000 / CYCLE_YEARS) * CYCLE_MS
  );
}
