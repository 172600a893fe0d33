import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { type LoaderModuleOptions, StorageModule } from '../../../src/index.js';

/** This package as in its README, with default options. Errors are in the results of the loads. */
export async function openStorage(url: string, loader?: LoaderModuleOptions): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(StorageModule.forRoot({ url, loader }), {
    logger: false,
    abortOnError: false,
  });
}
