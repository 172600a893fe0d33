/** What a value must be, and how to tell. */
export type Check = readonly [expected: string, holds: (value: unknown) => boolean];

/**
 * What is wrong with what a caller gave, in the words of a message; nothing is wrong with what is undefined. What came is
 * named by its type only: a url holds a password.
 * @param checks - of each name there is
 * @param noName - what any other name is, for example `no option of a load`
 * @param prefix - what the names lie in, for example `loader.`
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

/** The check of an integer, which is a safe one. */
export function integerFrom(least: number, most: number = Infinity): Check {
  return [
    most === Infinity ? `an integer from ${least}` : `an integer from ${least} to ${most}`,
    (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
  ];
}
