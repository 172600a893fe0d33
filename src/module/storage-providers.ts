import { type InjectionToken, Logger, type Provider, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource, Repository } from 'typeorm';

import { OpportunityEntity, SubmissionEntity } from '../entities/index.js';
import { StorageError } from '../errors/index.js';
import { HybridStoreService } from '../hybrid/hybrid-store.service.js';
import type { JoinedDataSource } from './joined-data-source.js';
import { LoaderService } from '../loader/loader.service.js';
import { QuarantineStore } from '../quarantine/quarantine-store.js';
import { QuarantineService } from '../replay/quarantine.service.js';
import { OpportunityRepository } from '../repositories/opportunity.repository.js';
import { ProfileRepository } from '../repositories/profile.repository.js';
import { SchemaService } from '../schema/schema.service.js';
import { rememberJoined } from '../schema/table/migrate-command.js';
import { LoadLog } from '../stats/observe/load-log.js';
import { LoadStatsService } from '../stats/load-stats.service.js';
import { RecordWorkers } from '../workers/record-workers.js';
import { prepareStorage } from './open-storage.js';
import { rejectSecondModule } from './second-module.js';
import { type Joined, resolveStorageOptions, type StorageModuleOptions } from './storage-options.js';
import { getLoaderToken, getStorageDataSourceName, getStorageToken } from './storage-tokens.js';
import { MODULE_OPTIONS_TOKEN } from './storage.module-definition.js';

/** The DataSource of a module, after its migrations were handled. */
interface ReadyStorage {
  readonly dataSource: DataSource;
  readonly settings: ReturnType<typeof resolveStorageOptions>;
}

/** Services provided and exported by every StorageModule. */
export const STORAGE_SERVICES: readonly Type<object>[] = [
  LoadStatsService,
  LoaderService,
  OpportunityRepository,
  ProfileRepository,
  HybridStoreService,
  QuarantineService,
  SchemaService,
];

/**
 * The providers of a StorageModule.
 * @param handed - token of the JoinedDataSource, if the application passed an instance
 */
export function storageProviders(name: string, joined: Joined, handed: symbol | undefined): Provider[] {
  const token = (service: Type<object>): InjectionToken => getStorageToken(service, name);
  const ready = Symbol(`harbor-storage:${name}:ready`);
  const workers = Symbol(`harbor-storage:${name}:workers`);
  return [
    {
      provide: ready,
      inject: [
        getDataSourceToken(getStorageDataSourceName(name)),
        MODULE_OPTIONS_TOKEN,
        ModulesContainer,
        ...(handed === undefined ? [] : [handed]),
      ],
      useFactory: async (
        dataSource: DataSource,
        options: StorageModuleOptions,
        modules: ModulesContainer,
        instance?: JoinedDataSource,
      ): Promise<ReadyStorage> => {
        // A module that opens connections has checked this before.
        rejectSecondModule(modules, name);
        try {
          const settings = resolveStorageOptions(options, joined);
          if (joined !== undefined) {
            rememberJoined(dataSource);
          }
          await prepareStorage(dataSource, settings, new Logger('StorageModule'));
          return { dataSource, settings };
        } catch (error) {
          // Nest runs no shutdown hooks after a failed start; an open pool would keep the process alive.
          await (joined === undefined ? dataSource.destroy() : instance?.close());
          throw error;
        }
      },
    },
    {
      provide: workers,
      inject: [ready],
      useFactory: ({ settings: { workers: threads } }: ReadyStorage) =>
        new RecordWorkers(threads.count, threads.entities),
    },
    {
      provide: token(LoadStatsService),
      inject: [ready],
      useFactory: ({ dataSource, settings }: ReadyStorage) => {
        const stats = new LoadStatsService(dataSource, settings.limits);
        if (settings.logs === 'loads') {
          stats.observers.add(new LoadLog(new Logger(LoaderService.name)));
        }
        return stats;
      },
    },
    {
      provide: token(LoaderService),
      inject: [ready, token(LoadStatsService), workers],
      useFactory: ({ dataSource, settings }: ReadyStorage, stats: LoadStatsService, threads: RecordWorkers) =>
        new LoaderService(dataSource, stats, settings, threads, new Logger(LoaderService.name)),
    },
    repositoryProvider(token, ready, OpportunityRepository, OpportunityEntity),
    repositoryProvider(token, ready, ProfileRepository, SubmissionEntity),
    {
      provide: token(HybridStoreService),
      inject: [token(LoaderService)],
      useFactory: (loader: LoaderService) => new HybridStoreService(loader),
    },
    {
      provide: token(QuarantineService),
      inject: [ready, token(LoaderService), token(HybridStoreService), token(LoadStatsService)],
      useFactory: (
        { dataSource, settings: { retry, limits } }: ReadyStorage,
        loader: LoaderService,
        hybrid: HybridStoreService,
        stats: LoadStatsService,
      ) => {
        const store = new QuarantineStore(dataSource, limits);
        const logger = new Logger(QuarantineService.name);
        return new QuarantineService({ store, loader, hybrid, retry, limits, logger }, stats);
      },
    },
    {
      provide: token(SchemaService),
      inject: [ready],
      useFactory: ({ dataSource }: ReadyStorage) => new SchemaService(dataSource),
    },
  ];
}

/**
 * The loader of an application entity.
 * @param name - name of the StorageModule
 */
export function loaderProvider(entity: Type<object>, name: string | undefined): Provider {
  return {
    provide: getLoaderToken(entity, name),
    inject: [getStorageToken(LoaderService, name), getDataSourceToken(getStorageDataSourceName(name))],
    useFactory: (loader: LoaderService, dataSource: DataSource) => {
      if (!dataSource.hasMetadata(entity)) {
        throw new StorageError(
          'ENTITIES_MISSING',
          `The application's DataSource lacks ${entity.name}: add it to its entities, or, with ` +
            `autoLoadEntities, pass forFeature([${entity.name}], { dataSourceName: 'default' }) with the name of that ` +
            'DataSource',
        );
      }
      return loader.for(entity);
    },
  };
}

function repositoryProvider<E extends OpportunityEntity | SubmissionEntity>(
  token: (service: Type<object>) => InjectionToken,
  ready: symbol,
  service: new (repository: Repository<E>, loader: ReturnType<typeof LoaderService.prototype.for<E>>) => object,
  entity: Type<E>,
): Provider {
  return {
    provide: token(service),
    inject: [ready, token(LoaderService)],
    useFactory: ({ dataSource }: ReadyStorage, loader: LoaderService) =>
      new service(dataSource.getRepository(entity), loader.for(entity)),
  };
}
