import { type DynamicModule, Module, type Provider, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions } from 'typeorm';

import { storageEntities } from '../entities/index.js';
import { JoinedDataSource } from './joined-data-source.js';
import { openDataSource } from './open-storage.js';
import {
  type Joined,
  resolveStorageOptions,
  type StorageModuleOptions,
  toDataSourceOptions,
} from './storage-options.js';
import { rejectTwoSchemaOwners } from './schema-owner.js';
import { rejectSecondModule } from './second-module.js';
import { loaderProvider, STORAGE_SERVICES, storageProviders } from './storage-providers.js';
import { DEFAULT_STORAGE, getStorageDataSourceName, getStorageToken } from './storage-tokens.js';
import { MODULE_OPTIONS_TOKEN, type StorageAsyncOptions, StorageOptionsModule } from './storage.module-definition.js';

/** Options of `forRoot`. */
export type StorageRootOptions = StorageModuleOptions & {
  /** Distinguishes several StorageModules in one application. @default 'default' */
  readonly name?: string | undefined;
};

/** Options of `forRootAsync`. Options that decide which providers exist are outside `useFactory`. */
export type StorageRootAsyncOptions = StorageAsyncOptions & {
  /** Distinguishes several StorageModules in one application. @default 'default' */
  readonly name?: string | undefined;
  /** Name of a DataSource of the application; without it, the module opens its own by `url`. */
  readonly dataSourceName?: string | undefined;
};

/** Options of `forFeature`. */
export interface StorageFeatureOptions {
  /** The StorageModule of the loaders. @default 'default' */
  readonly name?: string | undefined;
  /** With autoLoadEntities: the application's DataSource to which the entities are added. */
  readonly dataSourceName?: string | undefined;
}

/** Loads records into Postgres on TypeORM entities. Import it once with `forRoot`; its services are global. */
@Module({})
export class StorageModule {
  /**
   * @throws StorageError `INVALID_OPTIONS` at application start, naming all mistakes
   * @throws SchemaMismatchError at application start if a migration is pending
   * @example
   * StorageModule.forRoot({ url: process.env.DATABASE_URL, migrations: 'run' })
   */
  static forRoot({ name, ...options }: StorageRootOptions): DynamicModule {
    return assemble(name, options.dataSource, StorageOptionsModule.forRoot(options));
  }

  /**
   * @example
   * StorageModule.forRootAsync({
   *   imports: [ConfigModule],
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ url: config.getOrThrow('DATABASE_URL') }),
   * })
   */
  static forRootAsync({ name, dataSourceName, ...options }: StorageRootAsyncOptions): DynamicModule {
    return assemble(name, dataSourceName, StorageOptionsModule.forRootAsync(options));
  }

  /**
   * Registers entities of the application, each with a loader: `@InjectLoader(MyEntity) loader: EntityLoader<MyEntity>`.
   * @throws StorageError `ENTITIES_MISSING` at application start, if its own DataSource lacks an entity
   */
  static forFeature(entities: readonly Type<object>[], options: StorageFeatureOptions = {}): DynamicModule {
    const { name, dataSourceName } = options;
    const loaders = entities.map((entity) => loaderProvider(entity, name));
    return {
      module: StorageModule,
      imports: [TypeOrmModule.forFeature([...entities], dataSourceName ?? getStorageDataSourceName(name))],
      providers: loaders,
      exports: [...loaders, TypeOrmModule],
    };
  }
}

function assemble(name: string = DEFAULT_STORAGE, dataSource: Joined, optionsModule: DynamicModule): DynamicModule {
  const connection = connectionParts(name, dataSource, optionsModule);
  return {
    module: StorageModule,
    global: true,
    imports: [optionsModule, ...connection.imports],
    providers: [...connection.providers, ...storageProviders(name, dataSource, connection.handed)],
    exports: [...STORAGE_SERVICES.map((service) => getStorageToken(service, name)), ...connection.exports],
  };
}

interface ConnectionParts {
  readonly imports: DynamicModule[];
  readonly providers: Provider[];
  readonly exports: (string | Type<object> | DynamicModule)[];
  /** Token of the JoinedDataSource, if the application passed an instance. */
  readonly handed?: symbol;
}

/** The DataSource has one name, whoever owns it: see getStorageDataSourceName. */
function connectionParts(name: string, dataSource: Joined, optionsModule: DynamicModule): ConnectionParts {
  const ownName = getStorageDataSourceName(name);
  const token = getDataSourceToken(ownName) as string;
  if (dataSource === undefined) {
    return { imports: ownedConnection(name, optionsModule), providers: [], exports: [] };
  }
  if (typeof dataSource === 'string') {
    return {
      imports: [TypeOrmModule.forFeature(storageEntities, dataSource)],
      providers: [{ provide: token, useExisting: getDataSourceToken(dataSource) }],
      exports: [token],
    };
  }
  const handed = Symbol(`harbor-storage:${name}:handed`);
  return {
    imports: [],
    providers: [
      {
        provide: handed,
        inject: [MODULE_OPTIONS_TOKEN, ModulesContainer],
        useFactory: (options: StorageModuleOptions, modules: ModulesContainer) => {
          rejectSecondModule(modules, name);
          // Validated before anything is opened: the value may not be a DataSource.
          const { migrations } = resolveStorageOptions(options, dataSource);
          rejectTwoSchemaOwners(dataSource, migrations);
          return new JoinedDataSource(dataSource);
        },
      },
      { provide: token, inject: [handed], useFactory: (instance: JoinedDataSource) => instance.open() },
    ],
    exports: [token],
    handed,
  };
}

function ownedConnection(name: string, optionsModule: DynamicModule): DynamicModule[] {
  const ownName = getStorageDataSourceName(name);
  return [
    TypeOrmModule.forRootAsync({
      name: ownName,
      imports: [optionsModule],
      inject: [MODULE_OPTIONS_TOKEN, ModulesContainer],
      useFactory: (options: StorageModuleOptions, modules: ModulesContainer) => {
        rejectSecondModule(modules, name);
        return {
          ...toDataSourceOptions(resolveStorageOptions(options, undefined)),
          // TypeORM 0.3 has its name among its options; @nestjs/typeorm finds it by this name.
          name: ownName,
          autoLoadEntities: true,
          // Loads have their own retries; an application that cannot reach its database fails at once.
          retryAttempts: 0,
        };
      },
      dataSourceFactory: (options) => openDataSource(options as DataSourceOptions),
    }),
    TypeOrmModule.forFeature(storageEntities, ownName),
  ];
}
