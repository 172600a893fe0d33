import { type Attributes, context, type Span, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';

import { errorCode } from '../errors/error-text.js';
import { mayBeOfRow, sqlstateOf } from '../postgres/faults/sqlstate.js';
import {
  LoadObservation,
  LoadObserver,
  type ObservedBatch,
  type ObservedBatchEnd,
  type ObservedLoadEnd,
  type ObservedLoadStart,
  type ObservedStatement,
  type OutcomeCounts,
} from '../stats/observe/load-observer.js';
import { DB, ERROR_TYPE, HARBOR } from './attributes.js';

/**
 * Spans of loads: `harbor.load`, in it `harbor.batch`, in it those of the statements that write rows. The source and the load
 * key of a load are no attributes, and messages of errors neither: they might tell values.
 */
export class TracedLoads extends LoadObserver {
  private readonly ofStatements: Attributes;

  constructor(
    private readonly tracer: Tracer,
    private readonly storage: string,
    private readonly database: string | undefined,
  ) {
    super();
    this.ofStatements = { [DB.system]: 'postgresql', ...(database !== undefined && { [DB.namespace]: database }) };
  }

  override load(): LoadObservation {
    return new TracedLoad(this.tracer, this.storage);
  }

  override async runStatement<T>(
    { operation, table }: ObservedStatement,
    work: () => Promise<T>,
    errorOf: (result: T) => unknown,
  ): Promise<T> {
    const target = table ?? this.database;
    const span = this.tracer.startSpan(target === undefined ? operation : `${operation} ${target}`, {
      kind: SpanKind.CLIENT,
      attributes: { ...this.ofStatements, [DB.operation]: operation, ...(table && { [DB.collection]: table }) },
    });
    try {
      const result = await inside(span, work);
      noteError(span, errorOf(result));
      return result;
    } catch (error) {
      noteError(span, error);
      throw error;
    } finally {
      span.end();
    }
  }
}

class TracedLoad extends LoadObservation {
  private readonly span: Span;
  /** By their numbers: batches run at the same time. */
  private readonly batches = new Map<number, Span>();

  constructor(
    private readonly tracer: Tracer,
    storage: string,
  ) {
    super();
    this.span = tracer.startSpan('harbor.load', { attributes: { [HARBOR.storage]: storage } });
  }

  override retried(_table: string, code: string): void {
    (trace.getActiveSpan() ?? this.span).addEvent('harbor.retry', { [ERROR_TYPE]: code });
  }

  override batchEnded({ batchNo, outcome, counts, error }: ObservedBatchEnd): void {
    const span = this.batches.get(batchNo);
    span?.setAttributes({ [HARBOR.batchOutcome]: outcome, ...recordsOf(counts) });
    if (outcome === 'failed') {
      span?.setAttribute(ERROR_TYPE, errorCode(error) ?? 'UNKNOWN').setStatus({ code: SpanStatusCode.ERROR });
    }
  }

  override began(load: ObservedLoadStart): void {
    this.span.setAttributes(attributesOf(load));
  }

  override ended(end: ObservedLoadEnd): void {
    this.span.setAttributes({ ...attributesOf(end), [HARBOR.status]: end.status, ...recordsOf(end.counts) });
    if (end.errorCode !== undefined) {
      this.fail(end.errorCode);
    }
  }

  override notBegun(code: string): void {
    this.fail(code);
  }

  override async runLoad<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await inside(this.span, work);
    } finally {
      this.span.end();
    }
  }

  override async runBatch<T>({ table, batchNo, attempt }: ObservedBatch, work: () => Promise<T>): Promise<T> {
    const attributes = { [HARBOR.table]: table, [HARBOR.batchNo]: batchNo, [HARBOR.attempt]: attempt };
    const span = this.tracer.startSpan('harbor.batch', { attributes });
    this.batches.set(batchNo, span);
    try {
      return await inside(span, work);
    } finally {
      this.batches.delete(batchNo);
      span.end();
    }
  }

  private fail(code: string): void {
    this.span.setAttribute(ERROR_TYPE, code).setStatus({ code: SpanStatusCode.ERROR });
  }
}

/** What runs there finds the span as the active one: its own spans are within it. */
function inside<T>(span: Span, work: () => Promise<T>): Promise<T> {
  return context.with(trace.setSpan(context.active(), span), work);
}

function attributesOf({ loadId, table, disposition, attempt }: ObservedLoadStart): Attributes {
  return {
    [HARBOR.loadId]: loadId,
    [HARBOR.table]: table,
    [HARBOR.disposition]: disposition,
    [HARBOR.attempt]: attempt,
  };
}

function recordsOf(counts: OutcomeCounts = {}): Attributes {
  const found = Object.entries(counts).filter(([, count]) => count > 0);
  return Object.fromEntries(found.map(([outcome, count]) => [HARBOR.records + outcome, count]));
}

/** An error of single rows is none of the statement: they are rejected, and it runs again without them. */
function noteError(span: Span, error: unknown): void {
  if (error === undefined) {
    return;
  }
  const sqlstate = sqlstateOf(error);
  if (sqlstate !== undefined) {
    span.setAttribute(DB.status, sqlstate);
  }
  if (!mayBeOfRow(error)) {
    span.setAttribute(ERROR_TYPE, errorCode(error) ?? 'UNKNOWN').setStatus({ code: SpanStatusCode.ERROR });
  }
}
