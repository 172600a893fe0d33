import type { Type } from '@nestjs/common';

import { StorageModule } from '../../../src/index.js';
import type { StorageTestingOptions } from '../../../src/testing/index.js';
import { startStorageApp, type StorageApp } from '../app/storage-app.js';

/** An application with entities of its own beside those of the module; TypeORM makes their tables. */
export async function startAppWith(
  entities: readonly Type<object>[],
  options: StorageTestingOptions = {},
): Promise<StorageApp> {
  const app = await startStorageApp(options, [StorageModule.forFeature(entities)]);
  await app.dataSource.synchronize();
  return app;
}
