import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { DataSource } from 'typeorm';

import { SchemaService } from '../schema/schema.service.js';
import { checkFound, injectStorage } from '../module/find-storage.js';
import { getStorageToken } from '../module/storage-tokens.js';
import type { StorageHealthOptions } from './health-options.js';
import { StorageHealthIndicator } from './storage-health.indicator.js';

/**
 * Provides {@link StorageHealthIndicator}, for a controller that uses @nestjs/terminus.
 * @example
 * imports: [TerminusModule, StorageHealthModule.forRoot({ maxOpenRejects: 100, maxAge: { prices: 86_400_000 } })]
 */
@Module({})
export class StorageHealthModule {
  /** @throws StorageError `INVALID_OPTIONS` at application start, naming all mistakes */
  static forRoot(options: StorageHealthOptions = {}): DynamicModule {
    const indicator: Provider = {
      provide: getStorageToken(StorageHealthIndicator, options.storage),
      // After the service, so that the migrations are handled before.
      inject: [HealthIndicatorService, ...injectStorage(options.storage, [SchemaService])],
      useFactory: (health: HealthIndicatorService, dataSource: DataSource) => {
        checkFound('StorageHealthModule', options.storage, dataSource);
        return new StorageHealthIndicator(health, dataSource, options);
      },
    };
    return { module: StorageHealthModule, providers: [HealthIndicatorService, indicator], exports: [indicator] };
  }
}
