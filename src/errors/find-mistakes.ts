import { InvalidLoadError } from './load-errors.js';
import { nearestName } from './nearest-name.js';

/** Description of valid values, and the test for them. */
export type Check = readonly [expected: string, holds: (value: unknown) => boolean];

/**
 * Validates options given by a caller and returns messages about the invalid ones; undefined values are ignored. A caller
 * without types may give anything. Messages name the type of a wrong value only, because a URL may contain a password.
 * @param checks - by option name
 * @param noName - text about an unknown name, for example `no option of a load`
 * @param prefix - parent of the names, for example `loader.`
 */
export function findMistakes(
  given: unknown,
  checks: Readonly<Record<string, Check>>,
  noName: string,
  prefix: string = '',
): string[] {
  if (typeof given !== 'object' || given === null) {
    return [`an object is expected (found ${given === null ? 'null' : typeof given})`];
  }
  return Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .flatMap(([name, value]) => {
      const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
      if (check === undefined) {
        const nearest = nearestName(name, Object.keys(checks));
        const proposal = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
        return [`${prefix}${name} is ${noName}${proposal}`];
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

/**
 * Options as they are now, each read once; whatever the caller does with the object and its lists afterwards changes nothing.
 * @param checks - names of the options, which the object may inherit
 * @param what - whose options, for the message
 * @throws InvalidLoadError when they are no object
 */
export function takeOptions<T extends object>(given: T, checks: Readonly<Record<string, Check>>, what: string): T {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const found = given === null ? 'null' : Array.isArray(given) ? 'a list' : typeof given;
    throw new InvalidLoadError(`The options of ${what} must be an object (found ${found})`);
  }
  const inherited = Object.keys(checks).filter((name) => name in given);
  const names = new Set([...Object.keys(given), ...inherited]);
  return Object.fromEntries(Array.from(names, (name) => [name, copyOf(Reflect.get(given, name))])) as T;
}

/** Lists and plain objects are copied, anything else is handed on. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(copyOf);
  }
  const isPlain =
    typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
  return isPlain ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyOf(member)])) : value;
}
