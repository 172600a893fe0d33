import { type DynamicModule, Logger, Module, type Provider } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';

import { getStorageDataSourceName, getStorageToken } from '../module/storage-tokens.js';
import { StorageOperations } from '../operations/storage-operations.js';
import { QuarantineService } from '../replay/quarantine.service.js';
import { SchemaService } from '../schema/schema.service.js';
import { LoadStatsService } from '../stats/load-stats.service.js';
import { CONSOLE_CONTEXT, type ConsoleContext } from './console-context.js';
import { consoleControllers } from './console-controllers.js';
import {
  type ConsoleSettings,
  resolveConsoleOptions,
  type StorageConsoleAsyncOptions,
  type StorageConsoleMount,
  type StorageConsoleOptions,
  type StorageConsoleSettings,
} from './console-options.js';
import { ConsoleResponder } from './http/console-responder.js';

/** Injection token of the validated settings. */
const CONSOLE_SETTINGS = Symbol('harbor-storage:console-settings');

/** Pages on loads, rejected records and the schema of a StorageModule, for the people who operate it. */
@Module({})
export class StorageConsoleModule {
  /**
   * @throws StorageError `INVALID_OPTIONS` at application start, naming all mistakes
   * @example
   * StorageConsoleModule.forRoot({ guards: [AdminGuard], environment: 'production' })
   */
  static forRoot(options: StorageConsoleOptions): DynamicModule {
    const { path, guards, imports, storage, ...settings } = options ?? {};
    return assemble({ path, guards, imports, storage }, { useFactory: () => settings });
  }

  /**
   * Like {@link forRoot}, with settings from other providers.
   * @example
   * StorageConsoleModule.forRootAsync({
   *   guards: [AdminGuard],
   *   imports: [ConfigModule],
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ environment: config.getOrThrow('ENVIRONMENT') }),
   * })
   */
  static forRootAsync({ inject, useFactory, ...mount }: StorageConsoleAsyncOptions): DynamicModule {
    return assemble(mount, { inject, useFactory });
  }
}

type SettingsSource = Pick<StorageConsoleAsyncOptions, 'inject' | 'useFactory'>;

function assemble(mount: StorageConsoleMount, { inject = [], useFactory }: SettingsSource): DynamicModule {
  return {
    module: StorageConsoleModule,
    imports: mount.imports ?? [],
    controllers: consoleControllers(mount),
    providers: [settingsProvider(mount, [...inject], useFactory), contextProvider(mount.storage), ConsoleResponder],
  };
}

function settingsProvider(
  mount: StorageConsoleMount,
  inject: NonNullable<SettingsSource['inject']>,
  useFactory: SettingsSource['useFactory'],
): Provider {
  return {
    provide: CONSOLE_SETTINGS,
    inject: [...inject],
    useFactory: async (...injected: unknown[]): Promise<ConsoleSettings> => {
      const settings: StorageConsoleSettings = await useFactory(...injected);
      const resolved = resolveConsoleOptions(mount, settings);
      if (mount.guards === 'none') {
        new Logger('StorageConsole').warn(
          "The console has no guards (guards: 'none'): everybody who can reach it may read and change what it shows",
        );
      }
      return resolved;
    },
  };
}

function contextProvider(storage: string | undefined): Provider {
  const dataSourceName = getStorageDataSourceName(storage);
  return {
    provide: CONSOLE_CONTEXT,
    inject: [
      CONSOLE_SETTINGS,
      getDataSourceToken(dataSourceName),
      getStorageToken(LoadStatsService, storage),
      getStorageToken(QuarantineService, storage),
      getStorageToken(SchemaService, storage),
    ],
    useFactory: (
      settings: ConsoleSettings,
      dataSource: DataSource,
      stats: LoadStatsService,
      quarantine: QuarantineService,
      schema: SchemaService,
    ): ConsoleContext => ({
      settings,
      dataSource,
      operations: new StorageOperations(dataSource),
      stats,
      quarantine,
      schema,
    }),
  };
}
