import { inspect } from 'node:util';

import type { ObservedLoadEnd, ObservedLoadStart, OutcomeCounts } from './load-observer.js';
import { LoadObservation, LoadObserver } from './load-observer.js';

/** Where lines go; Nest's Logger is one. */
export interface LineLogger {
  debug(line: object): void;
  log(line: object): void;
  warn(line: object): void;
  error(line: object): void;
}

/**
 * A line of the log: fields for a logger that writes JSON, a sentence for one that writes text. It names neither the source
 * nor the load key: both come from the caller, and may be secret.
 */
class LoadLine {
  readonly loadId: string;
  readonly table: string;
  readonly disposition: string;
  readonly attempt: number | undefined;

  constructor(
    readonly message: string,
    { loadId, table, disposition, attempt }: ObservedLoadStart,
  ) {
    this.loadId = loadId;
    this.table = table;
    this.disposition = disposition;
    this.attempt = attempt === 1 ? undefined : attempt;
  }

  toString(): string {
    const attempt = this.attempt === undefined ? '' : `, attempt ${this.attempt}`;
    return `${this.message}: ${this.disposition} into ${this.table}${attempt} (${this.loadId})`;
  }

  /** Nest's ConsoleLogger writes a text by it. */
  [inspect.custom](): string {
    return this.toString();
  }
}

class LoadEndLine extends LoadLine {
  readonly counts: OutcomeCounts;
  readonly durationMs: number;
  readonly retries: number | undefined;
  readonly errorCode: string | undefined;

  constructor(message: string, end: ObservedLoadEnd) {
    super(message, end);
    this.counts = Object.fromEntries(Object.entries(end.counts).filter(([, count]) => count > 0));
    this.durationMs = end.durationMs;
    this.retries = end.retries === 0 ? undefined : end.retries;
    this.errorCode = end.errorCode;
  }

  override toString(): string {
    const counts = Object.entries(this.counts).map(([outcome, count]) => `${outcome} ${count}`);
    const parts = [
      this.errorCode === undefined ? '' : ` with ${this.errorCode}`,
      `: ${counts.join(', ') || 'no records'}`,
      ` in ${this.durationMs} ms`,
      this.retries === undefined ? '' : `, retries ${this.retries}`,
    ];
    return super.toString() + parts.join('');
  }
}

/**
 * Logs each load: a line at its start and one at its end. A load of few records has one at its end, which is only for
 * debugging if all went well.
 */
export class LoadLog extends LoadObserver {
  constructor(private readonly logger: LineLogger) {
    super();
  }

  override load(): LoadObservation {
    return new LoggedLoad(this.logger);
  }
}

class LoggedLoad extends LoadObservation {
  private isStartLogged = false;

  constructor(private readonly logger: LineLogger) {
    super();
  }

  override began(load: ObservedLoadStart): void {
    this.isStartLogged = true;
    this.logger.log(new LoadLine('Load started', load));
  }

  override ended(end: ObservedLoadEnd): void {
    const { status, counts, alreadyCompleted } = end;
    const line = new LoadEndLine(alreadyCompleted ? 'Load was completed before' : `Load ${status}`, end);
    if (status === 'failed') {
      this.logger.error(line);
    } else if (status === 'interrupted' || (counts.rejected ?? 0) > 0 || (counts.failed ?? 0) > 0) {
      this.logger.warn(line);
    } else if (this.isStartLogged || alreadyCompleted) {
      this.logger.log(line);
    } else {
      this.logger.debug(line);
    }
  }
}
