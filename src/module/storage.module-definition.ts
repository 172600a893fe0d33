import { ConfigurableModuleBuilder, Module } from '@nestjs/common';

import type { StorageModuleOptions } from './storage-options.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<StorageModuleOptions>({ moduleName: 'Storage' }).setClassMethodName('forRoot').build();

export { MODULE_OPTIONS_TOKEN };

/** What `StorageModule.forRootAsync` takes beside its own keys. */
export type StorageAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

/** Holds the options of one StorageModule, for it and for the DataSource it owns. */
@Module({ exports: [MODULE_OPTIONS_TOKEN] })
export class StorageOptionsModule extends ConfigurableModuleClass {}
