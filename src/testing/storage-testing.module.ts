import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import pg from 'pg';

import type { StorageModuleOptions } from '../module/storage-options.js';
import { StorageModule } from '../module/storage.module.js';
import { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './test-postgres.js';

const TEST_DATABASE = Symbol('harbor-storage:test-database');

/** Options of a StorageModule under test. Its database is created with the migrations of this package and yours. */
export type StorageTestingOptions = Omit<StorageModuleOptions, 'url' | 'dataSource' | 'migrations'> &
  TestDatabaseOptions & {
    /** Distinguishes several StorageModules in one application. @default 'default' */
    readonly name?: string | undefined;
    /**
     * Name of the application's DataSource, for modules that add their entities to it. A DataSource of this name is opened on
     * the test database, with autoLoadEntities, and the StorageModule joins it.
     */
    readonly dataSourceName?: string | undefined;
  };

/** Creates the database and drops it when the application closes. */
@Module({})
class TestDatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(TEST_DATABASE) private readonly database: TestDatabase) {}

  static forRoot(options: TestDatabaseOptions): DynamicModule {
    return {
      module: TestDatabaseModule,
      providers: [{ provide: TEST_DATABASE, useFactory: () => createTestDatabase(options) }],
      exports: [TEST_DATABASE],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.database.drop();
  }
}

/** StorageModule on its own Postgres database, empty and with migrations applied. */
@Module({})
export class StorageTestingModule {
  /**
   * @example
   * const app = await Test.createTestingModule({ imports: [StorageTestingModule.forRoot()] }).compile();
   * await app.get(HybridStoreService).store([{ submission_id: 't3_1', title: 'Hello' }]);
   * await app.close();
   */
  static forRoot({ name, dataSourceName, migrations, ...options }: StorageTestingOptions = {}): DynamicModule {
    // Imported twice as the same object, which Nest treats as one module.
    const database = { imports: [TestDatabaseModule.forRoot({ migrations })], inject: [TEST_DATABASE] };
    if (dataSourceName === undefined) {
      const useFactory = ({ url }: TestDatabase) => ({ ...options, url });
      return {
        module: StorageTestingModule,
        imports: [StorageModule.forRootAsync({ name, ...database, useFactory })],
      };
    }
    return {
      module: StorageTestingModule,
      imports: [
        TypeOrmModule.forRootAsync({
          name: dataSourceName,
          ...database,
          useFactory: ({ url }: TestDatabase) => ({
            type: 'postgres',
            driver: pg,
            url,
            autoLoadEntities: true,
            retryAttempts: 0,
          }),
        }),
        StorageModule.forRootAsync({ name, dataSourceName, useFactory: () => options }),
      ],
    };
  }
}
