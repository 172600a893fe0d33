import pg from 'pg';
import type { DataSource } from 'typeorm';

import type { UnknownFields } from '../entities/index.js';
import { type Check, findMistakes, integerFrom } from '../errors/find-mistakes.js';
import { StorageError } from '../errors/index.js';
import { BATCH_SIZE } from '../loader/model/load-options.js';
import type { LoaderSettings } from '../loader/loader.service.js';
import type { PostgresDataSourceOptions } from '../postgres/typeorm-adapter.js';

/** What the module does about its migrations when the application starts. */
export type MigrationsMode = 'run' | 'check' | 'off';

/** Options of every load of the module; a load's own options come first. */
export interface LoaderModuleOptions {
  /**
   * Records a transaction, for `loadBatch` and `storeBatch`; large records make a smaller batch. By `npm run
   * bench:batches`, batches of 1,000 take a seventh longer, and from 2,000 on the size makes little difference.
   * @default 5000
   */
  readonly batchSize?: number | undefined;
  /**
   * Batches of one `loadBatch` at work at the same time, each on a connection; one is left to others. By `npm run
   * bench:batches`, one alone takes a quarter longer, and three are no faster than two on two cores.
   * @default 2
   */
  readonly parallelism?: number | undefined;
  /** Attempts in all for a batch that fails for a passing reason; one that gets no connection is not counted. @default 5 */
  readonly maxAttempts?: number | undefined;
  /** No attempt begins later than this after the first failure, in milliseconds. @default 30000 */
  readonly maxRetryMs?: number | undefined;
  /** Bound on one statement, in milliseconds; 0 for none. @default 300000 */
  readonly statementTimeoutMs?: number | undefined;
  /** Bound on waiting for a lock, in milliseconds; 0 for none. @default 30000 */
  readonly lockTimeoutMs?: number | undefined;
}

/** Options of `StorageModule.forRoot`. Exactly one of `url` and `dataSource` says where the data lies. */
export interface StorageModuleOptions {
  /** Connection string; `sslmode` in it is honoured. The module then owns the connection pool. */
  readonly url?: string | undefined;
  /** The application's own DataSource, by its name or as an instance. */
  readonly dataSource?: string | DataSource | undefined;
  /**
   * `check`: the application does not start on a database that lacks a migration; `run`: it applies what is pending,
   * under a lock; `off`: nothing is looked at.
   * @default 'check'
   */
  readonly migrations?: MigrationsMode | undefined;
  /**
   * Fields no column knows: into the entity's extra column, dropped and counted, or a reason to reject the record.
   * An entity without an extra column rejects where it should capture.
   * @default 'capture'
   */
  readonly unknownFields?: UnknownFields | undefined;
  readonly loader?: LoaderModuleOptions | undefined;
  /** Connections of the pool the module owns. @default 10 */
  readonly poolSize?: number | undefined;
  /**
   * Bound on connecting and on waiting for a free connection, in milliseconds. A DataSource of the application that has
   * a bound of its own keeps it.
   * @default 10000
   */
  readonly connectTimeoutMs?: number | undefined;
}

/** Validated options. */
export interface ResolvedStorageOptions extends LoaderSettings {
  readonly url: string | undefined;
  readonly migrations: MigrationsMode;
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
}

const oneOf = (...values: readonly string[]): Check => [
  values.map((value) => `'${value}'`).join(', '),
  (value) => values.includes(value as string),
];

/** What a connection string must be, for messages. */
export const POSTGRES_URL_FORM =
  'a URL that begins with postgres:// or postgresql://, the special characters of its password percent-encoded';

const CHECKS: Readonly<Record<keyof StorageModuleOptions, Check>> = {
  url: [POSTGRES_URL_FORM, isPostgresUrl],
  dataSource: [
    "a DataSource's name or a DataSource",
    (value) => (typeof value === 'object' && value !== null ? 'isInitialized' in value : isName(value)),
  ],
  migrations: oneOf('run', 'check', 'off'),
  unknownFields: oneOf('capture', 'discard', 'reject'),
  loader: ['an object', (value) => typeof value === 'object' && value !== null],
  poolSize: integerFrom(1),
  connectTimeoutMs: integerFrom(1),
};

const LOADER_CHECKS: Readonly<Record<keyof LoaderModuleOptions, Check>> = {
  batchSize: BATCH_SIZE,
  parallelism: integerFrom(1),
  maxAttempts: integerFrom(1),
  maxRetryMs: integerFrom(0),
  statementTimeoutMs: integerFrom(0),
  lockTimeoutMs: integerFrom(0),
};

/** The application's DataSource a module was told to join when it was assembled, before any factory has run. */
export type Joined = string | DataSource | undefined;

/**
 * Validates the options of the module and fills in the defaults; the only place that knows them.
 * @throws StorageError `INVALID_OPTIONS` naming every mistake at once
 */
export function resolveStorageOptions(options: StorageModuleOptions, joined: Joined): ResolvedStorageOptions {
  const mistakes = [
    ...findMistakes(options, CHECKS, 'no option'),
    ...findMistakes(options.loader ?? {}, LOADER_CHECKS, 'no option', 'loader.'),
    ...connectionMistakes(options, joined),
  ];
  if (mistakes.length > 0) {
    throw new StorageError('INVALID_OPTIONS', `The options of StorageModule are wrong: ${mistakes.join('; ')}`);
  }
  const { loader = {}, connectTimeoutMs = 10_000 } = options;
  return {
    url: options.url,
    migrations: options.migrations ?? 'check',
    unknownFields: options.unknownFields ?? 'capture',
    batchSize: loader.batchSize ?? 5000,
    parallelism: loader.parallelism ?? 2,
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

/** How much longer than statement_timeout the client waits: the server's answer, where there is one, comes first. */
const ANSWER_MARGIN_MS = 5_000;

/** TypeORM's options for the DataSource the module owns. */
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
      // A peer that vanished without a word answers no statement_timeout: these two end the wait on this side.
      keepAlive: true,
      ...(statementTimeoutMs > 0 && { query_timeout: statementTimeoutMs + ANSWER_MARGIN_MS }),
    },
  };
}

function connectionMistakes({ url, dataSource }: StorageModuleOptions, joined: Joined): string[] {
  if (dataSource !== joined && dataSource !== undefined) {
    return [
      'dataSource comes too late from useFactory: name the DataSource beside it (forRootAsync({ dataSourceName, … })), ' +
        'or hand an instance to forRoot',
    ];
  }
  const joins = joined !== undefined;
  if (url === undefined && !joins) {
    return [
      'no connection: set url (for example url: process.env.DATABASE_URL, with DATABASE_URL set) ' +
        'or dataSource (the name of a DataSource the application has)',
    ];
  }
  if (url !== undefined && joins) {
    return ['url and a DataSource of the application exclude each other: give one of the two'];
  }
  return [];
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** @returns whether a value can be a connection string */
export function isPostgresUrl(value: unknown): boolean {
  return typeof value === 'string' && /^postgres(?:ql)?:\/\//.test(value) && URL.canParse(value) && isDecodable(value);
}

/** A stray % would have pg fail without a word about the url. */
function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
