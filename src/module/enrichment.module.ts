import { type DynamicModule, Module, type Provider } from '@nestjs/common';

import { EnrichmentStoreService } from '../enrichment/enrichment-store.service.js';
import { enrichmentEntities, OpportunityScoreEntity } from '../entities/enrichment/index.js';
import { LoaderService } from '../loader/loader.service.js';
import { getLoaderToken, getStorageToken } from './storage-tokens.js';
import { type StorageFeatureOptions, StorageModule } from './storage.module.js';

/**
 * Adds the enrichment tables and {@link EnrichmentStoreService} to a StorageModule. Its migrations then belong to those of the
 * StorageModule.
 * @example
 * imports: [StorageModule.forRoot({ url, migrations: 'run' }), EnrichmentModule.forFeature()]
 */
@Module({})
export class EnrichmentModule {
  /** @param options - the StorageModule to add them to. @default the one without a name */
  static forFeature(options: StorageFeatureOptions = {}): DynamicModule {
    const { name } = options;
    const store: Provider = {
      provide: getStorageToken(EnrichmentStoreService, name),
      // After the loaders of the entities, which check that the DataSource has them.
      inject: [getStorageToken(LoaderService, name), getLoaderToken(OpportunityScoreEntity, name)],
      useFactory: (loader: LoaderService) => new EnrichmentStoreService(loader),
    };
    return {
      module: EnrichmentModule,
      imports: [StorageModule.forFeature(enrichmentEntities, options)],
      providers: [store],
      exports: [store, StorageModule],
    };
  }
}
