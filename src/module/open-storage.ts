import { DataSource, type DataSourceOptions } from 'typeorm';

import { storageEntities } from '../entities/index.js';
import { StorageError } from '../errors/index.js';
import type { LoadLogger } from '../loader/model/load-context.js';
import { connectionError } from '../postgres/faults/connection-error.js';
import { isRemoteWithoutTls } from '../postgres/remote-without-tls.js';
import { optionsOf } from '../postgres/typeorm-adapter.js';
import { prepareSchema } from '../schema/migrations/prepare-schema.js';
import { entitiesError } from './entities-error.js';
import { rejectTwoSchemaOwners } from './schema-owner.js';
import type { ResolvedStorageOptions } from './storage-options.js';

// What the module and the command line do with a DataSource before the first load. The command line loads no Nest.

/**
 * Opens a DataSource of this package.
 * @throws StorageError `CONNECTION_FAILED`, or `ENTITIES_INVALID`
 */
export async function openDataSource(options: DataSourceOptions): Promise<DataSource> {
  const dataSource = new DataSource(options);
  try {
    return await dataSource.initialize();
  } catch (error) {
    throw entitiesError(error) ?? connectionError((options as { url?: string }).url, error);
  }
}

/**
 * Checks an open DataSource, warns of its settings, and handles the migrations.
 * @throws StorageError `ENTITIES_MISSING`
 * @throws SchemaMismatchError if a migration is pending
 */
export async function prepareStorage(
  dataSource: DataSource,
  { migrations, distributed }: ResolvedStorageOptions,
  logger: LoadLogger,
): Promise<void> {
  rejectTwoSchemaOwners(dataSource, migrations);
  checkEntities(dataSource);
  warnOfPlainText(dataSource, logger);
  await warnOfSettings(dataSource, logger);
  await prepareSchema(dataSource, migrations, distributed);
}

function checkEntities(dataSource: DataSource): void {
  const missing = storageEntities.filter((entity) => !dataSource.hasMetadata(entity)).map(({ name }) => name);
  if (missing.length > 0) {
    throw new StorageError(
      'ENTITIES_MISSING',
      `The application's DataSource lacks ${missing.join(', ')}: set autoLoadEntities: true in TypeOrmModule.forRoot, ` +
        'or list ...storageEntities (from harbor-storage) in its entities',
    );
  }
}

/** Settings under which this package is right, but the application may not be. */
async function warnOfSettings(dataSource: DataSource, logger: LoadLogger): Promise<void> {
  const [found] = await dataSource.query<{ encoding: string; dates: string }[]>(
    "SELECT current_setting('server_encoding') AS encoding, current_setting('DateStyle') AS dates",
  );
  if (found?.encoding === 'SQL_ASCII') {
    logger.warn(
      'The encoding of the database is SQL_ASCII: it stores the bytes of any client unchecked, and has no notion of ' +
        'characters. Create the database with ENCODING UTF8',
    );
  }
  if (found?.dates.startsWith('ISO') === false) {
    logger.warn(
      `DateStyle is ${found.dates}, and node-postgres reads date-times in ISO only: TypeORM returns null or another date. ` +
        'Loads, history and quarantine are not affected. To fix: ALTER DATABASE … SET datestyle = ISO',
    );
  }
}

function warnOfPlainText(dataSource: DataSource, logger: LoadLogger): void {
  if (isRemoteWithoutTls(optionsOf(dataSource))) {
    logger.warn(
      'Connecting to a remote database without TLS: add ?sslmode=verify-full to the URL, ' +
        'or set ssl in the options of the DataSource',
    );
  }
}
