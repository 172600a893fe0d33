import pg from 'pg';
import type { DataSource } from 'typeorm';

import type { UnknownFields } from '../entities/index.js';
import { type Check, findMistakes, integerFrom } from '../errors/find-mistakes.js';
import { StorageError } from '../errors/index.js';
import { BATCH_SIZE, HISTORY_MODE, type HistoryMode } from '../loader/model/load-options.js';
import type { LoaderSettings } from '../loader/run/load-call.js';
import type { PostgresDataSourceOptions } from '../postgres/typeorm-adapter.js';

/** What the module does about migrations when the application starts. */
export type MigrationsMode = 'run' | 'check' | 'off';

/** Which loads the module logs. */
export type LogsMode = 'loads' | 'off';

/** Default options of every load of the module; options of a single load take precedence. */
export interface LoaderModuleOptions {
  /**
   * Records per transaction, for `loadBatch` and `storeBatch`; large records make a smaller batch. In `npm run
   * bench:batches`, batches of 1,000 take a seventh longer; above 2,000 the size makes little difference.
   * @default 5000
   */
  readonly batchSize?: number | undefined;
  /**
   * Concurrent batches of one `loadBatch`, each on its own connection; one connection of the pool stays free. In `npm run
   * bench:batches`, one takes a quarter longer than two, and three are no faster on two cores.
   * @default 2, or `workers` if that is more
   */
  readonly parallelism?: number | undefined;
  /**
   * Threads that parse and check the records of a file, for `loadBatch` and `storeBatch`. 1: the thread of the load does.
   * Objects are always taken in the thread of the load.
   * @default 1
   */
  readonly workers?: number | undefined;
  /**
   * Path of the module that exports the application's own entities, for the worker threads.
   * @default none: they know the entities of this package
   */
  readonly workerEntities?: string | undefined;
  /** Attempts in total for a batch with a transient error; attempts without a connection are not counted. @default 5 */
  readonly maxAttempts?: number | undefined;
  /** No retry begins later than this after the first failure, in milliseconds. @default 30000 */
  readonly maxRetryMs?: number | undefined;
  /** Timeout of one statement, in milliseconds; 0 for none. @default 300000 */
  readonly statementTimeoutMs?: number | undefined;
  /** Timeout of waiting for a lock, in milliseconds; 0 for none. @default 30000 */
  readonly lockTimeoutMs?: number | undefined;
}

/** Options of `StorageModule.forRoot`. Set either `url` or `dataSource`. */
export interface StorageModuleOptions {
  /** Connection URL, including `sslmode`. The module then owns the connection pool. */
  readonly url?: string | undefined;
  /** The application's own DataSource, by name or as an instance. */
  readonly dataSource?: string | DataSource | undefined;
  /**
   * `check`: the application does not start if a migration is pending; `run`: it applies pending migrations, under a lock;
   * `off`: migrations are ignored.
   * @default 'check'
   */
  readonly migrations?: MigrationsMode | undefined;
  /**
   * The tables of this package are distributed over the workers of Citus. With `migrations: 'run'` the application distributes
   * them when it starts, with `'check'` it does not start before they are, with `'off'` nothing is looked at.
   * @default false
   */
  readonly distributed?: boolean | undefined;
  /**
   * Fields without a column: `capture` stores them in the entity's extra column, `discard` drops and counts them, `reject`
   * rejects the record. An entity without an extra column rejects instead of capturing.
   * @default 'capture'
   */
  readonly unknownFields?: UnknownFields | undefined;
  /**
   * `off`: merges without a load key that go well leave no row in the history; see the option of a load of the same name.
   * @default 'all'
   */
  readonly history?: HistoryMode | undefined;
  /**
   * `loads`: a line at the start and at the end of each load. Fewer than 200 records given to `load` or `store` at once have
   * only one at the end, at level `debug` if none was rejected. `off`: no such lines; warnings and errors stay.
   * @default 'loads'
   */
  readonly logs?: LogsMode | undefined;
  readonly loader?: LoaderModuleOptions | undefined;
  /** Pool size, if the module owns the pool. @default 10 */
  readonly poolSize?: number | undefined;
  /**
   * Timeout of connecting and of waiting for a free connection, in milliseconds. A DataSource of the application keeps its
   * own timeout if it has one.
   * @default 10000
   */
  readonly connectTimeoutMs?: number | undefined;
}

/** Validated options. */
export interface ResolvedStorageOptions extends LoaderSettings {
  readonly workers: { readonly count: number; readonly entities: string | undefined };
  readonly url: string | undefined;
  readonly migrations: MigrationsMode;
  readonly distributed: boolean;
  readonly logs: LogsMode;
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
}

const oneOf = (...values: readonly string[]): Check => [
  values.map((value) => `'${value}'`).join(', '),
  (value) => values.includes(value as string),
];

/** Required form of a connection URL, for messages. */
export const POSTGRES_URL_FORM =
  'a URL that begins with postgres:// or postgresql://, with special characters of the password percent-encoded, ' +
  'and with one host (node-postgres takes no list)';

const CHECKS: Readonly<Record<keyof StorageModuleOptions, Check>> = {
  url: [POSTGRES_URL_FORM, isPostgresUrl],
  dataSource: [
    "a DataSource's name or a DataSource",
    (value) => (typeof value === 'object' && value !== null ? 'isInitialized' in value : isName(value)),
  ],
  migrations: oneOf('run', 'check', 'off'),
  distributed: ['a boolean', (value) => typeof value === 'boolean'],
  unknownFields: oneOf('capture', 'discard', 'reject'),
  history: HISTORY_MODE,
  logs: oneOf('loads', 'off'),
  loader: ['an object', (value) => typeof value === 'object' && value !== null],
  poolSize: integerFrom(1),
  connectTimeoutMs: integerFrom(1),
};

const LOADER_CHECKS: Readonly<Record<keyof LoaderModuleOptions, Check>> = {
  batchSize: BATCH_SIZE,
  parallelism: integerFrom(1),
  workers: integerFrom(1),
  workerEntities: ['the path of a module', isName],
  maxAttempts: integerFrom(1),
  maxRetryMs: integerFrom(0),
  statementTimeoutMs: integerFrom(0),
  lockTimeoutMs: integerFrom(0),
};

/** The application's DataSource as known when the module is assembled, before any factory runs. */
export type Joined = string | DataSource | undefined;

/**
 * Validates the options of the module and applies the defaults, which are defined only here.
 * @throws StorageError `INVALID_OPTIONS` naming all mistakes
 */
export function resolveStorageOptions(options: StorageModuleOptions, joined: Joined): ResolvedStorageOptions {
  const mistakes = [
    ...findMistakes(options, CHECKS, 'not an option'),
    ...findMistakes(options.loader ?? {}, LOADER_CHECKS, 'not an option', 'loader.'),
    ...connectionMistakes(options, joined),
  ];
  if (mistakes.length > 0) {
    throw new StorageError('INVALID_OPTIONS', `Invalid options of StorageModule: ${mistakes.join('; ')}`);
  }
  const { loader = {}, connectTimeoutMs = 10_000 } = options;
  const { workers = 1, workerEntities } = loader;
  return {
    url: options.url,
    migrations: options.migrations ?? 'check',
    distributed: options.distributed ?? false,
    unknownFields: options.unknownFields ?? 'capture',
    history: options.history ?? 'all',
    logs: options.logs ?? 'loads',
    batchSize: loader.batchSize ?? 5000,
    parallelism: loader.parallelism ?? Math.max(2, workers),
    workers: { count: workers, entities: workerEntities },
    retry: { maxAttempts: loader.maxAttempts ?? 5, maxElapsedMs: loader.maxRetryMs ?? 30_000 },
    limits: {
      statementTimeoutMs: loader.statementTimeoutMs ?? 300_000,
      lockTimeoutMs: loader.lockTimeoutMs ?? 30_000,
      connectTimeoutMs,
    },
    poolSize: options.poolSize ?? 10,
    connectTimeoutMs,
  };
}

/** Extra time on the client beyond statement_timeout, so that the server's answer comes first. */
const ANSWER_MARGIN_MS = 5_000;

/** TypeORM options of the DataSource owned by the module. */
export function toDataSourceOptions(options: ResolvedStorageOptions): PostgresDataSourceOptions {
  const { statementTimeoutMs } = options.limits;
  return {
    type: 'postgres',
    driver: pg,
    url: options.url,
    poolSize: options.poolSize,
    connectTimeoutMS: options.connectTimeoutMs,
    applicationName: 'harbor-storage',
    installExtensions: false,
    // gen_random_uuid() is built in; uuid_generate_v4() would need an extension.
    uuidExtension: 'pgcrypto',
    extra: {
      // A lost peer never reports statement_timeout: these two end the wait on the client.
      keepAlive: true,
      ...(statementTimeoutMs > 0 && { query_timeout: statementTimeoutMs + ANSWER_MARGIN_MS }),
    },
  };
}

function connectionMistakes({ url, dataSource }: StorageModuleOptions, joined: Joined): string[] {
  if (dataSource !== joined && dataSource !== undefined) {
    return [
      'dataSource cannot be set in useFactory: set the name outside (forRootAsync({ dataSourceName, … })), ' +
        'or pass an instance to forRoot',
    ];
  }
  const joins = joined !== undefined;
  if (url === undefined && !joins) {
    return [
      'no connection: set url (for example url: process.env.DATABASE_URL, with DATABASE_URL set) ' +
        'or dataSource (the name of a DataSource of the application)',
    ];
  }
  if (url !== undefined && joins) {
    return ['url and a DataSource of the application exclude each other: set only one'];
  }
  return [];
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** @returns whether a value is a well-formed connection URL of one host */
export function isPostgresUrl(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    /^postgres(?:ql)?:\/\//.test(value) &&
    URL.canParse(value) &&
    !new URL(value).hostname.includes(',') &&
    isDecodable(value)
  );
}

/** With a stray %, pg would fail without naming the URL. */
function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
