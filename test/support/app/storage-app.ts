import { getDataSourceToken } from '@nestjs/typeorm';
import { Test, type TestingModule } from '@nestjs/testing';
import type { DataSource } from 'typeorm';

import {
  getStorageDataSourceName,
  HybridStoreService,
  LoaderService,
  LoadStatsService,
  OpportunityRepository,
  ProfileRepository,
  StorageModule,
  type StorageRootOptions,
} from '../../../src/index.js';
import { StorageTestingModule, type StorageTestingOptions } from '../../../src/testing/index.js';

/** An application with the module on a database of its own. */
export interface StorageApp {
  readonly module: TestingModule;
  readonly dataSource: DataSource;
  readonly loader: LoaderService;
  readonly opportunities: OpportunityRepository;
  readonly profiles: ProfileRepository;
  readonly hybrid: HybridStoreService;
  readonly stats: LoadStatsService;
  rows<T = Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<T[]>;
  count(table: string): Promise<number>;
  close(): Promise<void>;
}

type Imports = NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>;

export async function startStorageApp(options: StorageTestingOptions = {}, imports: Imports = []): Promise<StorageApp> {
  const module = await Test.createTestingModule({
    imports: [StorageTestingModule.forRoot(options), ...imports],
  }).compile();
  return initStorageApp(module);
}

/** Starts an application with the module on this database. */
export async function startStorageAppAt(
  url: string,
  options: StorageRootOptions = {},
  imports: Imports = [],
): Promise<StorageApp> {
  return initStorageApp(
    await Test.createTestingModule({ imports: [StorageModule.forRoot({ ...options, url }), ...imports] }).compile(),
  );
}

/** Starts another application on the database of one, with options of its own. */
export async function startStorageAppBeside(
  app: StorageApp,
  options: StorageRootOptions,
  imports: Imports = [],
): Promise<StorageApp> {
  return startStorageAppAt((app.dataSource.options as { url: string }).url, options, imports);
}

/** Starts an application that imports the module in a way of its own. */
export async function initStorageApp(module: TestingModule): Promise<StorageApp> {
  module.useLogger(false);
  await module.init();
  const dataSource = module.get<DataSource>(getDataSourceToken(getStorageDataSourceName()));
  return {
    module,
    dataSource,
    loader: module.get(LoaderService),
    opportunities: module.get(OpportunityRepository),
    profiles: module.get(ProfileRepository),
    hybrid: module.get(HybridStoreService),
    stats: module.get(LoadStatsService),
    rows: (sql, parameters) => dataSource.query(sql, parameters),
    async count(table) {
      const [row] = await dataSource.query<{ n: number }[]>(`SELECT count(*)::integer AS n FROM ${table}`);
      return row?.n ?? -1;
    },
    close: () => module.close(),
  };
}
