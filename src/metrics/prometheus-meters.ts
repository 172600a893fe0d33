import { Counter, Gauge, Histogram, type Metric, type OpenMetricsContentType, type Registry } from 'prom-client';

import type { OpenRejects } from '../instruments/open-rejects.js';
import { BATCH_SECONDS, LOAD_SECONDS, type LoadMeters } from '../stats/observe/load-meters.js';

/** Who sets a gauge of open rejected records, by the gauge: it may serve several StorageModules. */
const readers = new WeakMap<object, Set<{ readonly storage: string; readonly rejects: OpenRejects }>>();

/** Instruments of prom-client. One that the registry has already, as after a hot reload, is used again. */
export class PrometheusMeters implements LoadMeters {
  private readonly recordCounter: Counter;
  private readonly retryCounter: Counter;
  private readonly batchCounter: Counter;
  private readonly batchSeconds: Histogram;
  private readonly loadSeconds: Histogram;
  private readonly active: Gauge;

  constructor(
    private readonly registry: Registry | Registry<OpenMetricsContentType>,
    private readonly storage: string,
  ) {
    const registers = [registry];
    this.recordCounter = this.known('records_total', (name) => {
      const help = 'Records by table and what became of them, of committed and failed batches.';
      return new Counter({ name, help, labelNames: ['storage', 'table', 'outcome'], registers });
    });
    this.retryCounter = this.known('retries_total', (name) => {
      const help = 'Retries after transient errors, by the SQLSTATE or system code of the error.';
      return new Counter({ name, help, labelNames: ['storage', 'table', 'code'], registers });
    });
    this.batchCounter = this.known('batches_total', (name) => {
      const help = 'Batches, committed and failed.';
      return new Counter({ name, help, labelNames: ['storage', 'table', 'outcome'], registers });
    });
    this.batchSeconds = this.known('batch_duration_seconds', (name) => {
      const help = 'Time from the first attempt at a batch to its end.';
      const labelNames = ['storage', 'table', 'outcome'];
      return new Histogram({ name, help, labelNames, buckets: BATCH_SECONDS, registers });
    });
    this.loadSeconds = this.known('load_duration_seconds', (name) => {
      const help = 'Duration of loads, by how they ended.';
      const labelNames = ['storage', 'table', 'status'];
      return new Histogram({ name, help, labelNames, buckets: LOAD_SECONDS, registers });
    });
    this.active = this.known('active_loads', (name) => {
      const help = 'Loads that run in this process.';
      return new Gauge({ name, help, labelNames: ['storage'], registers });
    });
    this.active.inc({ storage }, 0);
  }

  records(count: number, table: string, outcome: string): void {
    this.recordCounter.inc({ storage: this.storage, table, outcome }, count);
  }

  retry(table: string, code: string): void {
    this.retryCounter.inc({ storage: this.storage, table, code });
  }

  batch(seconds: number, table: string, outcome: string): void {
    const labels = { storage: this.storage, table, outcome };
    this.batchCounter.inc(labels);
    this.batchSeconds.observe(labels, seconds);
  }

  load(seconds: number, table: string, status: string): void {
    this.loadSeconds.observe({ storage: this.storage, table, status }, seconds);
  }

  activeLoads(change: 1 | -1): void {
    this.active.inc({ storage: this.storage }, change);
  }

  /** Reads the open rejected records whenever the registry is. @returns ends it */
  watchRejects(rejects: OpenRejects): () => void {
    const gauge = this.known('open_rejected_records', (name) => {
      const help = 'Open records in quarantine, by table and reason.';
      const labelNames = ['storage', 'table', 'reason'];
      return new Gauge({ name, help, labelNames, registers: [this.registry], collect: readAll });
    });
    const reader = { storage: this.storage, rejects };
    const others = readers.get(gauge) ?? new Set();
    readers.set(gauge, others.add(reader));
    return () => void others.delete(reader);
  }

  /** The metric of this name; made where the registry does not have it. */
  private known<M extends Metric>(name: string, make: (name: string) => M): M {
    const full = `harbor_storage_${name}`;
    return (this.registry.getSingleMetric(full) as M | undefined) ?? make(full);
  }
}

async function readAll(this: Gauge): Promise<void> {
  const sources = [...(readers.get(this) ?? [])];
  const found = await Promise.all(
    sources.map(async ({ storage, rejects }) => (await rejects.read()).map((group) => ({ storage, ...group }))),
  );
  this.reset();
  for (const { storage, table, reason, count } of found.flat()) {
    this.set({ storage, table, reason }, count);
  }
}
