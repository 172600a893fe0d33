/** Description of valid values, and the test for them. */
export type Check = readonly [expected: string, holds: (value: unknown) => boolean];

/**
 * Validates options given by a caller and returns messages about the invalid ones; undefined values are ignored. Messages
 * name the type of a wrong value only, because a URL may contain a password.
 * @param checks - by option name
 * @param noName - text about an unknown name, for example `no option of a load`
 * @param prefix - parent of the names, for example `loader.`
 */
export function findMistakes(
  given: object,
  checks: Readonly<Record<string, Check>>,
  noName: string,
  prefix: string = '',
): string[] {
  return Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .flatMap(([name, value]) => {
      const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
      if (check === undefined) {
        return [`${prefix}${name} is ${noName}`];
      }
      return check[1](value) ? [] : [`${prefix}${name} must be ${check[0]} (found ${typeof value})`];
    });
}

/** Checks for a safe integer in a range. */
export function integerFrom(least: number, most: number = Infinity): Check {
  return [
    most === Infinity ? `an integer from ${least}` : `an integer from ${least} to ${most}`,
    (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
  ];
}
