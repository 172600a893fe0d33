import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { type LoaderModuleOptions, StorageModule } from '../../../src/index.js';

/** This package as its README shows it, with its default options. What goes wrong is in the results of the loads. */
export async function openStorage(url: string, loader?: LoaderModuleOptions): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(StorageModule.forRoot({ url, loader }), {
    logger: false,
    abortOnError: false,
  });
}
