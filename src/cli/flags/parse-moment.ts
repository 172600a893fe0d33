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

/** Reads an option that takes a moment: `30d` (so long ago), or a date-time with its zone. */
export function parseMoment(text: string): Date {
  const [, count, unit] = DURATION.exec(text) ?? [];
  const moment = new Date(unit === undefined ? isoText(text) : Date.now() - Number(count) * (MILLISECONDS[unit] ?? 0));
  if (Number.isNaN(moment.getTime())) {
    throw new InvalidArgumentError('expected so long ago (30d, 12h, 90m), or a date-time as 2026-01-31T12:00:00Z');
  }
  return moment;
}

/** The text where it is a date-time that means one moment everywhere, otherwise none. */
function isoText(text: string): string {
  try {
    return toTimestamptzText(text, false);
  } catch {
    return '';
  }
}
