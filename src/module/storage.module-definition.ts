import { ConfigurableModuleBuilder, Module } from '@nestjs/common';

import type { StorageModuleOptions } from './storage-options.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<StorageModuleOptions>({ moduleName: 'Storage' }).setClassMethodName('forRoot').build();

export { MODULE_OPTIONS_TOKEN };

/** Options of `StorageModule.forRootAsync` besides its own keys. */
export type StorageAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

/** Provides the options of one StorageModule to it and to its DataSource. */
@Module({ exports: [MODULE_OPTIONS_TOKEN] })
export class StorageOptionsModule extends ConfigurableModuleClass {}
