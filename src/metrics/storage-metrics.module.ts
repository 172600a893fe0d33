import { type DynamicModule, Module } from '@nestjs/common';
import { type OpenMetricsContentType, register, type Registry } from 'prom-client';

import type { Check } from '../errors/find-mistakes.js';
import { checkInstrumentOptions, instrumentProvider, STORAGE_NAME } from '../instruments/instrument-module.js';
import { OpenRejects } from '../instruments/open-rejects.js';
import { MeteredLoads } from '../stats/observe/load-meters.js';
import { PrometheusMeters } from './prometheus-meters.js';

/** Options of `StorageMetricsModule.forRoot`. */
export interface StorageMetricsOptions {
  /** The application's registry of prom-client. @default its global `register` */
  readonly registry?: Registry | Registry<OpenMetricsContentType> | undefined;
  /** Name of the StorageModule. @default 'default' */
  readonly storage?: string | undefined;
}

const CHECKS: Readonly<Record<keyof StorageMetricsOptions, Check>> = {
  registry: [
    'a Registry of prom-client',
    (value) => typeof value === 'object' && value !== null && 'getSingleMetric' in value,
  ],
  storage: STORAGE_NAME,
};

/** Metrics of the loads of a StorageModule, in a registry of prom-client. Several may share a registry. */
@Module({})
export class StorageMetricsModule {
  /**
   * @throws StorageError `INVALID_OPTIONS` naming all mistakes
   * @example
   * StorageMetricsModule.forRoot({ registry })
   */
  static forRoot(options: StorageMetricsOptions = {}): DynamicModule {
    checkInstrumentOptions('StorageMetricsModule', options, CHECKS);
    const provider = instrumentProvider('StorageMetricsModule', options.storage, ({ storage, dataSource }) => {
      const meters = new PrometheusMeters(options.registry ?? register, storage);
      const close = meters.watchRejects(new OpenRejects(dataSource));
      return { observers: [new MeteredLoads(meters)], close };
    });
    return { module: StorageMetricsModule, providers: [provider] };
  }
}
