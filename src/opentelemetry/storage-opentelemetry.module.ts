import { type DynamicModule, Module } from '@nestjs/common';
import { metrics, trace } from '@opentelemetry/api';

import type { Check } from '../errors/find-mistakes.js';
import { checkInstrumentOptions, instrumentProvider, STORAGE_NAME } from '../instruments/instrument-module.js';
import { OpenRejects } from '../instruments/open-rejects.js';
import { databaseOfConnection } from '../postgres/typeorm-adapter.js';
import { MeteredLoads } from '../stats/observe/load-meters.js';
import { OpenTelemetryMeters } from './opentelemetry-meters.js';
import { TracedLoads } from './traced-loads.js';

/** Options of `StorageOpenTelemetryModule.forRoot`. */
export interface StorageOpenTelemetryOptions {
  /** Name of the StorageModule. @default 'default' */
  readonly storage?: string | undefined;
}

/** Name of the instrumentation. */
const SCOPE = 'harbor-storage';

const CHECKS: Readonly<Record<keyof StorageOpenTelemetryOptions, Check>> = { storage: STORAGE_NAME };

/**
 * Metrics and spans of the loads of a StorageModule, through the global providers of @opentelemetry/api. Start the SDK before
 * the application: its meter provider must be registered when the application starts.
 */
@Module({})
export class StorageOpenTelemetryModule {
  /**
   * @throws StorageError `INVALID_OPTIONS` naming all mistakes
   * @example
   * StorageOpenTelemetryModule.forRoot()
   */
  static forRoot(options: StorageOpenTelemetryOptions = {}): DynamicModule {
    checkInstrumentOptions('StorageOpenTelemetryModule', options, CHECKS);
    const provider = instrumentProvider('StorageOpenTelemetryModule', options.storage, ({ storage, dataSource }) => {
      const meters = new OpenTelemetryMeters(metrics.getMeter(SCOPE), storage);
      const traced = new TracedLoads(trace.getTracer(SCOPE), storage, databaseOfConnection(dataSource));
      const close = meters.watchRejects(new OpenRejects(dataSource));
      return { observers: [new MeteredLoads(meters), traced], close };
    });
    return { module: StorageOpenTelemetryModule, providers: [provider] };
  }
}
