import { type DynamicModule, Logger, Module, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { DataSource } from 'typeorm';

import { StorageError } from '../errors/index.js';
import { checkFound, injectStorage } from '../module/find-storage.js';
import { StorageOperations } from '../operations/storage-operations.js';
import { QuarantineService } from '../replay/quarantine.service.js';
import { SchemaService } from '../schema/schema.service.js';
import { LoadStatsService } from '../stats/load-stats.service.js';
import { CONSOLE_CONTEXT, type ConsoleContext } from './console-context.js';
import { consoleControllers } from './console-controllers.js';
import {
  type ConsoleSettings,
  DEFAULT_PATH,
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
    providers: [
      { provide: pathToken(mount), useValue: mount.path },
      settingsProvider(mount, [...inject], useFactory),
      contextProvider(mount.storage),
      ConsoleResponder,
    ],
  };
}

const PATH_TOKENS = 'harbor-storage:console:';

/** Every console of the application provides it, each for its path. */
function pathToken({ path = DEFAULT_PATH }: StorageConsoleMount): string {
  return `${PATH_TOKENS}${String(path).replaceAll(/^\/|\/$/g, '')}`;
}

/**
 * Rejects two consoles at one path: the guards and rights of the first would be those of both.
 * @throws StorageError `INVALID_OPTIONS`
 */
function rejectSecondConsole(modules: ModulesContainer, mount: StorageConsoleMount): void {
  const token = pathToken(mount);
  if ([...modules.values()].filter(({ providers }) => providers.has(token)).length > 1) {
    throw new StorageError(
      'INVALID_OPTIONS',
      `Invalid options of StorageConsoleModule: ${token.slice(PATH_TOKENS.length)} is the path of two consoles. Give each its own`,
    );
  }
}

function settingsProvider(
  mount: StorageConsoleMount,
  inject: NonNullable<SettingsSource['inject']>,
  useFactory: SettingsSource['useFactory'],
): Provider {
  return {
    provide: CONSOLE_SETTINGS,
    inject: [ModulesContainer, ...inject],
    useFactory: async (modules: ModulesContainer, ...injected: unknown[]): Promise<ConsoleSettings> => {
      const settings: StorageConsoleSettings = await useFactory(...injected);
      const resolved = resolveConsoleOptions(mount, settings);
      rejectSecondConsole(modules, mount);
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
  return {
    provide: CONSOLE_CONTEXT,
    inject: [CONSOLE_SETTINGS, ...injectStorage(storage, [LoadStatsService, QuarantineService, SchemaService])],
    useFactory: (
      settings: ConsoleSettings,
      dataSource: DataSource,
      stats: LoadStatsService,
      quarantine: QuarantineService,
      schema: SchemaService,
    ): ConsoleContext => {
      checkFound('StorageConsoleModule', storage, dataSource);
      return { settings, dataSource, operations: new StorageOperations(dataSource), stats, quarantine, schema };
    },
  };
}
