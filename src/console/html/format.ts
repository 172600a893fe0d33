import { type Html, html } from './html.js';

const NUMBER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });
const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** `1,234`; a fraction has one digit. */
export function count(value: number): string {
  return NUMBER.format(value);
}

/** `1.23M`, for axes. */
export function compactCount(value: number): string {
  return COMPACT.format(value);
}

/** `1 load`, `2 loads`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

/** `340 ms`, `2.5 s`, `3 min 20 s`, `5 h 10 min`, `2 d 4 h`. */
export function duration(seconds: number): string {
  if (seconds === 0) {
    return '0 s';
  }
  if (seconds < 1) {
    return `${Math.round(seconds * 1_000)} ms`;
  }
  if (seconds < MINUTE_S) {
    return `${count(seconds)} s`;
  }
  const whole = Math.round(seconds);
  if (whole < HOUR_S) {
    return inTwo(whole, MINUTE_S, 'min', 1, 's');
  }
  return whole < DAY_S ? inTwo(whole, HOUR_S, 'h', MINUTE_S, 'min') : inTwo(whole, DAY_S, 'd', HOUR_S, 'h');
}

function inTwo(seconds: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${largeUnit}${rest === 0 ? '' : ` ${rest} ${smallUnit}`}`;
}

/** `2026-11-26 18:12:03`, in UTC. The script adds the local time as a title. */
export function time(moment: Date): Html {
  const text = isoTime(moment);
  return html`<time datetime="${moment.toISOString()}">${text}</time>`;
}

/** `2026-11-26 18:12:03`, in UTC. */
export function isoTime(moment: Date): string {
  return moment.toISOString().slice(0, 19).replace('T', ' ');
}

/** What there is, or a dash. */
export function orDash<T>(value: T | null | undefined, show: (value: T) => Html | string): Html | string {
  return value === null || value === undefined ? html`<span class="none">–</span>` : show(value);
}
