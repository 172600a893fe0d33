import type { OnApplicationShutdown, Provider } from '@nestjs/common';
import type { DataSource } from 'typeorm';

import { checkFound, injectStorage } from '../module/find-storage.js';
import { DEFAULT_STORAGE } from '../module/storage-tokens.js';
import { type Check, findMistakes } from '../errors/find-mistakes.js';
import { StorageError } from '../errors/index.js';
import { LoadStatsService } from '../stats/load-stats.service.js';
import type { LoadObserver } from '../stats/observe/load-observer.js';

/** What the instruments of a StorageModule are made of. */
export interface InstrumentedStorage {
  /** Name of the StorageModule. */
  readonly storage: string;
  readonly dataSource: DataSource;
}

/** Instruments of a StorageModule. */
export interface Instruments {
  readonly observers: readonly LoadObserver[];
  /** Ends what else they do. */
  close(): void;
}

/** Instruments, from the start of an application until it has shut down. */
class RunningInstruments implements OnApplicationShutdown {
  private readonly ends: readonly (() => void)[];

  constructor(
    stats: LoadStatsService,
    private readonly instruments: Instruments,
  ) {
    this.ends = instruments.observers.map((observer) => stats.observers.add(observer));
  }

  onApplicationShutdown(): void {
    this.ends.forEach((end) => end());
    this.instruments.close();
  }
}

/**
 * The provider that observes the loads of a StorageModule by instruments.
 * @param module - the module that provides them
 */
export function instrumentProvider(
  module: string,
  storage: string = DEFAULT_STORAGE,
  make: (of: InstrumentedStorage) => Instruments,
): Provider {
  return {
    provide: `harbor-storage:${storage}:${module}`,
    inject: injectStorage(storage, [LoadStatsService]),
    useFactory: (dataSource: DataSource, stats: LoadStatsService) => {
      checkFound(module, storage, dataSource);
      return new RunningInstruments(stats, make({ storage, dataSource }));
    },
  };
}

/** The name of a StorageModule among options. */
export const STORAGE_NAME: Check = [
  'the name of a StorageModule',
  (value) => typeof value === 'string' && value !== '',
];

/** @throws StorageError `INVALID_OPTIONS` naming all mistakes */
export function checkInstrumentOptions(module: string, options: object, checks: Readonly<Record<string, Check>>): void {
  const mistakes = findMistakes(options, checks, 'not an option');
  if (mistakes.length > 0) {
    throw new StorageError('INVALID_OPTIONS', `Invalid options of ${module}: ${mistakes.join('; ')}`);
  }
}
