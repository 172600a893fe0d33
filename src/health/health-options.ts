import { type Check, findMistakes, integerFrom } from '../errors/find-mistakes.js';
import { StorageError } from '../errors/index.js';

/** What one check asks. Options of a call take precedence over those of the module. */
export interface HealthCheckOptions {
  /** Degraded while more rejected records than this, at most 100,000, are open. @default they are not counted */
  readonly maxOpenRejects?: number | undefined;
  /**
   * Degraded while a running load has given no sign of life for longer than this, in milliseconds. Its last sign of life is
   * its last committed batch, else its start. One that has been silent for a day longer was killed, and no longer counts.
   * @default running loads are not looked at
   */
  readonly stalledAfterMs?: number | undefined;
  /**
   * By table: degraded while no records have arrived for longer than this, in milliseconds. Records that changed nothing
   * have arrived, too. @default no table
   */
  readonly maxAge?: Readonly<Record<string, number>> | undefined;
  /** The check ends within this time, whatever the database does, in milliseconds. @default 3000 */
  readonly timeoutMs?: number | undefined;
}

/** Options of `StorageHealthModule.forRoot`. */
export interface StorageHealthOptions extends HealthCheckOptions {
  /** Name of the StorageModule. @default 'default' */
  readonly storage?: string | undefined;
  /** The tables that are compared with their entities. @default all entities of the DataSource */
  readonly tables?: readonly string[] | undefined;
  /**
   * Answers are kept for this time, in milliseconds; 0: each check asks again. Each check tries the connection.
   * @default 30000
   */
  readonly cacheMs?: number | undefined;
}

/** Validated options of a check. */
export interface ResolvedHealthOptions {
  readonly maxOpenRejects?: number | undefined;
  readonly stalledAfterMs?: number | undefined;
  readonly maxAge: Readonly<Record<string, number>>;
  readonly timeoutMs: number;
  readonly tables?: readonly string[] | undefined;
  readonly cacheMs: number;
}

/** The greatest delay of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const AN_OBJECT: Check = ['an object', (value) => typeof value === 'object' && value !== null];
const MS = integerFrom(1);

const CALL_CHECKS: Readonly<Record<keyof HealthCheckOptions, Check>> = {
  // More are not counted one by one.
  maxOpenRejects: integerFrom(0, 100_000),
  stalledAfterMs: MS,
  maxAge: AN_OBJECT,
  timeoutMs: integerFrom(1, MAX_TIMER_MS),
};

const MODULE_CHECKS: Readonly<Record<keyof StorageHealthOptions, Check>> = {
  ...CALL_CHECKS,
  storage: ['the name of a StorageModule', (value) => typeof value === 'string' && value !== ''],
  tables: ['a list of tables', Array.isArray],
  cacheMs: integerFrom(0),
};

/**
 * Validates the options of the module and applies the defaults.
 * @param known - names by which tables may be named
 * @throws StorageError `INVALID_OPTIONS` naming all mistakes
 */
export function resolveHealthOptions(
  options: StorageHealthOptions,
  known: ReadonlyMap<string, unknown>,
): ResolvedHealthOptions {
  rejectMistakes('StorageHealthModule', findMistakes(options, MODULE_CHECKS, 'not an option'));
  const { maxOpenRejects, stalledAfterMs, maxAge = {}, timeoutMs = 3000, tables, cacheMs = 30_000 } = options;
  const compared = Object.fromEntries((tables ?? []).map((table) => [table, true]));
  rejectMistakes('StorageHealthModule', [
    ...mistakesInTables(maxAge, known, MS, 'maxAge.'),
    ...mistakesInTables(compared, known, ['a table', () => true], 'tables: '),
  ]);
  return { maxOpenRejects, stalledAfterMs, maxAge, timeoutMs, tables, cacheMs };
}

/**
 * Validates the options of a call, and adds those of the module.
 * @throws StorageError `INVALID_OPTIONS` naming all mistakes
 */
export function withCallOptions(
  ofModule: ResolvedHealthOptions,
  options: HealthCheckOptions,
  known: ReadonlyMap<string, unknown>,
): ResolvedHealthOptions {
  const mistakes = findMistakes(options, CALL_CHECKS, 'not an option of a check');
  rejectMistakes(
    'check',
    mistakes.length > 0 ? mistakes : mistakesInTables(options.maxAge ?? {}, known, MS, 'maxAge.'),
  );
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...ofModule, ...Object.fromEntries(given) };
}

function mistakesInTables(
  byTable: object,
  known: ReadonlyMap<string, unknown>,
  check: Check,
  prefix: string,
): string[] {
  const checks = Object.fromEntries(Array.from(known.keys(), (table) => [table, check]));
  return findMistakes(byTable, checks, 'no table of the DataSource', prefix);
}

function rejectMistakes(what: string, mistakes: readonly string[]): void {
  if (mistakes.length > 0) {
    throw new StorageError('INVALID_OPTIONS', `Invalid options of ${what}: ${mistakes.join('; ')}`);
  }
}
