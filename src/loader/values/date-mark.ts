/**
 * The end of a text that came as a Date, which has milliseconds: the column may hold the same moment with microseconds.
 * Postgres reads the text as if the mark were not there, and no other value has it.
 */
const MARK = ' AD';

/** Marks the text of a Date. */
export function markDate(text: string): string {
  return text.endsWith('BC') ? text : text + MARK;
}

/** @returns whether the text of a value came as a Date */
export function isMarkedDate(text: string): boolean {
  return text.endsWith(MARK);
}
