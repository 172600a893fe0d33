import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { Registry } from 'prom-client';

/** A measured value. */
interface Value {
  readonly labels: Readonly<Partial<Record<string, unknown>>>;
  readonly value: unknown;
}

/** A real SDK of OpenTelemetry, registered globally, and a real registry of prom-client; both keep what they get. */
export class Telemetry {
  readonly registry = new Registry();
  private readonly exporter = new InMemorySpanExporter();
  private readonly reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(0),
    exportIntervalMillis: 3_600_000,
  });
  private readonly meters = new MeterProvider({ readers: [this.reader] });

  constructor() {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.exporter)] }),
    );
    metrics.setGlobalMeterProvider(this.meters);
  }

  async close(): Promise<void> {
    await this.meters.shutdown();
    trace.disable();
    metrics.disable();
    context.disable();
  }

  /** The values of a metric of Prometheus. */
  async inRegistry(name: string): Promise<readonly Value[]> {
    return (await this.registry.getSingleMetric(`harbor_storage_${name}`)?.get())?.values ?? [];
  }

  /** The values of an instrument of OpenTelemetry. @throws what one of its callbacks has thrown */
  async points(name: string): Promise<readonly Value[]> {
    const { resourceMetrics, errors } = await this.reader.collect();
    if (errors.length > 0) {
      throw new AggregateError(errors);
    }
    const found = resourceMetrics.scopeMetrics.flatMap(({ metrics: all }) => all);
    const points = found.find(({ descriptor }) => descriptor.name === `harbor.storage.${name}`)?.dataPoints ?? [];
    return points.map(({ attributes, value }) => ({ labels: attributes, value }));
  }

  /** All that is measured, as text. */
  async measured(): Promise<string> {
    return (await this.registry.metrics()) + JSON.stringify((await this.reader.collect()).resourceMetrics);
  }

  /** The ended spans, in the order of their ends. */
  get spans(): readonly ReadableSpan[] {
    return this.exporter.getFinishedSpans();
  }

  named(name: string): ReadableSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  parentOf(span: ReadableSpan | undefined): ReadableSpan | undefined {
    return this.spans.find((other) => other.spanContext().spanId === span?.parentSpanContext?.spanId);
  }

  forgetSpans(): void {
    this.exporter.reset();
  }
}
