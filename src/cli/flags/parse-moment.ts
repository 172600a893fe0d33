import { InvalidArgumentError } from 'commander';

import { toTimestamptzText } from '../../loader/values/date-time-text.js';

const DURATION = /^(\d{1,6})([smhdw])$/;
const MILLISECONDS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Parses a time option: an age such as `30d`, or a date-time with time zone. */
export function parseMoment(text: string): Date {
  const [, count, unit] = DURATION.exec(text) ?? [];
  const moment = new Date(unit === undefined ? isoText(text) : Date.now() - Number(count) * (MILLISECONDS[unit] ?? 0));
  if (Number.isNaN(moment.getTime())) {
    throw new InvalidArgumentError('expected an age (30d, 12h, 90m) or a date-time such as 2026-01-31T12:00:00Z');
  }
  return moment;
}

/** Returns the text if it is an unambiguous date-time, otherwise ''. */
function isoText(text: string): string {
  try {
    return toTimestamptzText(text, false);
  } catch {
    return '';
  }
}
