import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';

import type { StorageModuleOptions } from '../storage-options.js';
import { StorageModule } from '../storage.module.js';
import { createTestDatabase, type TestDatabase } from './test-postgres.js';

const TEST_DATABASE = Symbol('harbor-storage:test-database');

/** Options of a StorageModule under test; the database is made for it. */
export type StorageTestingOptions = Omit<StorageModuleOptions, 'url' | 'dataSource'> & {
  readonly name?: string | undefined;
};

/** Makes the database and drops it with the application. */
@Module({
  providers: [{ provide: TEST_DATABASE, useFactory: createTestDatabase }],
  exports: [TEST_DATABASE],
})
class TestDatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(TEST_DATABASE) private readonly database: TestDatabase) {}

  async onApplicationShutdown(): Promise<void> {
    await this.database.drop();
  }
}

/** StorageModule on a real Postgres database of its own, empty and with the migrations applied. */
@Module({})
export class StorageTestingModule {
  /**
   * @example
   * const app = await Test.createTestingModule({ imports: [StorageTestingModule.forRoot()] }).compile();
   * await app.get(HybridStoreService).store([{ submission_id: 't3_1', title: 'Hello' }]);
   * await app.close();
   */
  static forRoot({ name, ...options }: StorageTestingOptions = {}): DynamicModule {
    return {
      module: StorageTestingModule,
      imports: [
        StorageModule.forRootAsync({
          name,
          imports: [TestDatabaseModule],
          inject: [TEST_DATABASE],
          useFactory: ({ url }: TestDatabase) => ({ ...options, url }),
        }),
      ],
    };
  }
}
