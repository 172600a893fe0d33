import { storageEntities } from 'harbor-storage';
import { DataSource, type DataSourceOptions } from 'typeorm';

import { CreateFeedback1764150000000 } from './feedback/create-feedback.migration.js';
import { Feedback } from './feedback/feedback.entity.js';

/** Shared by the service and the command lines; the url comes from the configuration. */
export const dataSourceOptions = {
  type: 'postgres',
  entities: [...storageEntities, Feedback],
  migrations: [CreateFeedback1764150000000],
  migrationsTransactionMode: 'each',
  applicationName: 'feedback-api',
} satisfies DataSourceOptions;

/** For `typeorm` and `harbor-storage`: both take `-d dist/data-source.js`. */
export const dataSource = new DataSource({ ...dataSourceOptions, url: process.env['DATABASE_URL'] });
