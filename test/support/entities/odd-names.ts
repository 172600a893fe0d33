/** Names of fields that a store might take for something else, or for each other. */
export const ODD_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'select',
  '"',
  `'; DROP TABLE submissions; --`,
  '$1',
  'a.b',
  '',
  ' ',
  'Flair',
  'flair',
  'FLAIR',
  'x'.repeat(70),
  // Cut to the 63 bytes of a Postgres name, these would be one.
  `${'y'.repeat(63)}1`,
  `${'y'.repeat(63)}2`,
  'é'.repeat(35),
  '(others)',
] as const;

/** A record that has them all, each with a value of its own. */
export function withOddNames(record: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries([...Object.entries(record), ...ODD_NAMES.map((name, index) => [name, index] as const)]);
}
