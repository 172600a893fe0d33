import type { Attributes, Counter, Histogram, Meter, ObservableResult, UpDownCounter } from '@opentelemetry/api';

import type { OpenRejects } from '../instruments/open-rejects.js';
import { BATCH_SECONDS, LOAD_SECONDS, type LoadMeters } from '../stats/observe/load-meters.js';
import { DB, ERROR_TYPE, HARBOR } from './attributes.js';

/** Instruments of OpenTelemetry. */
export class OpenTelemetryMeters implements LoadMeters {
  private readonly of: Attributes;
  private readonly recordCounter: Counter;
  private readonly retryCounter: Counter;
  private readonly batchCounter: Counter;
  private readonly batchSeconds: Histogram;
  private readonly loadSeconds: Histogram;
  private readonly active: UpDownCounter;

  constructor(
    private readonly meter: Meter,
    storage: string,
  ) {
    this.of = { [HARBOR.storage]: storage };
    this.recordCounter = meter.createCounter('harbor.storage.records', {
      unit: '{record}',
      description: 'Records by table and what became of them, of committed and failed batches.',
    });
    this.retryCounter = meter.createCounter('harbor.storage.retries', {
      unit: '{retry}',
      description: 'Retries after transient errors.',
    });
    this.batchCounter = meter.createCounter('harbor.storage.batches', {
      unit: '{batch}',
      description: 'Batches, committed and failed.',
    });
    this.batchSeconds = meter.createHistogram('harbor.storage.batch.duration', {
      unit: 's',
      description: 'Time from the first attempt at a batch to its end.',
      advice: { explicitBucketBoundaries: BATCH_SECONDS },
    });
    this.loadSeconds = meter.createHistogram('harbor.storage.load.duration', {
      unit: 's',
      description: 'Duration of loads, by how they ended.',
      advice: { explicitBucketBoundaries: LOAD_SECONDS },
    });
    this.active = meter.createUpDownCounter('harbor.storage.loads.active', {
      unit: '{load}',
      description: 'Loads that run in this process.',
    });
  }

  records(count: number, table: string, outcome: string): void {
    this.recordCounter.add(count, { ...this.of, [DB.collection]: table, [HARBOR.recordOutcome]: outcome });
  }

  retry(table: string, code: string): void {
    this.retryCounter.add(1, { ...this.of, [HARBOR.table]: table, [ERROR_TYPE]: code });
  }

  batch(seconds: number, table: string, outcome: string): void {
    const attributes = { ...this.of, [HARBOR.table]: table, [HARBOR.batchOutcome]: outcome };
    this.batchCounter.add(1, attributes);
    this.batchSeconds.record(seconds, attributes);
  }

  load(seconds: number, table: string, status: string): void {
    this.loadSeconds.record(seconds, { ...this.of, [HARBOR.table]: table, [HARBOR.status]: status });
  }

  activeLoads(change: 1 | -1): void {
    this.active.add(change, this.of);
  }

  /** Reads the open rejected records whenever metrics are collected. @returns ends it */
  watchRejects(rejects: OpenRejects): () => void {
    const gauge = this.meter.createObservableGauge('harbor.storage.rejects.open', {
      unit: '{record}',
      description: 'Open records in quarantine, by table and reason.',
    });
    const observe = async (result: ObservableResult): Promise<void> => {
      for (const { table, reason, count } of await rejects.read()) {
        result.observe(count, { ...this.of, [HARBOR.table]: table, [HARBOR.rejectReason]: reason });
      }
    };
    gauge.addCallback(observe);
    return () => gauge.removeCallback(observe);
  }
}
