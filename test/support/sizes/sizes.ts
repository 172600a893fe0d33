/** Whether this run may take its time, as those of CI may: every CI service sets the variable. */
const IS_THOROUGH = !['', '0', 'false'].includes(process.env['CI'] ?? '');

/** The size of a case: small for one who waits for the tests, large where CI is set. */
export function sized<T>(small: T, inCi: T): T {
  return IS_THOROUGH ? inCi : small;
}

/**
 * For `fc.assert`: how often a property is tried. One that fails shows the seed of its run; `SEED=… npm test -- <file>`
 * repeats that run.
 * @param inCi - where CI is set; elsewhere a tenth of it, and 5 at least
 */
export function propertyRuns(inCi = 100): { readonly numRuns: number; readonly seed?: number } {
  const seed = process.env['SEED'];
  return {
    numRuns: sized(Math.max(5, Math.ceil(inCi / 10)), inCi),
    ...(seed !== undefined && { seed: Number(seed) }),
  };
}

/** Of cases that differ in a detail only: a few for one who waits for the tests, all where CI is set. */
export function someOf<T>(few: number, cases: readonly T[]): readonly T[] {
  const share = (count: number): number => Math.floor((count * few) / cases.length);
  return sized(
    cases.filter((_, index) => share(index + 1) > share(index)),
    cases,
  );
}
