import type { ModulesContainer } from '@nestjs/core';

import { StorageError } from '../errors/index.js';
import { LoaderService } from '../loader/loader.service.js';
import { getStorageToken } from './storage-tokens.js';

/**
 * Rejects two modules of one name: both provide the same tokens, so one of them would get what is meant for the other's
 * database. Called before a connection is opened.
 * @throws StorageError `INVALID_OPTIONS`
 */
export function rejectSecondModule(modules: ModulesContainer, name: string): void {
  const token = getStorageToken(LoaderService, name);
  if ([...modules.values()].filter(({ providers }) => providers.has(token)).length > 1) {
    throw new StorageError(
      'INVALID_OPTIONS',
      `Invalid options of StorageModule: forRoot is called more than once for the name '${name}'. Import the module once (its ` +
        "services are global), or give each database a name: forRoot({ name: 'archive', … }) and @InjectStorage(…, 'archive')",
    );
  }
}
