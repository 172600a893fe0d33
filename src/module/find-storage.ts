import type { OptionalFactoryDependency, Type } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';

import { StorageError } from '../errors/index.js';
import { DEFAULT_STORAGE, getStorageDataSourceName, getStorageToken } from './storage-tokens.js';

/**
 * What a factory injects of a StorageModule: its DataSource, then services. Nest would name a missing one by tokens that no
 * application knows, so they may be missing, and {@link checkFound} tells.
 */
export function injectStorage(
  storage: string | undefined,
  services: readonly Type<object>[],
): OptionalFactoryDependency[] {
  const tokens = services.map((service) => getStorageToken(service, storage));
  return [getDataSourceToken(getStorageDataSourceName(storage)), ...tokens].map((token) => ({ token, optional: true }));
}

/**
 * @param module - the module that injects it
 * @throws StorageError `INVALID_OPTIONS` when the application has no StorageModule of the name
 */
export function checkFound(
  module: string,
  storage: string = DEFAULT_STORAGE,
  dataSource: DataSource | undefined,
): void {
  if (dataSource === undefined) {
    const name = storage === DEFAULT_STORAGE ? '' : `name: '${storage}', `;
    throw new StorageError(
      'INVALID_OPTIONS',
      `${module} found no StorageModule of the name '${storage}': import StorageModule.forRoot({ ${name}… }) in the application`,
    );
  }
}
