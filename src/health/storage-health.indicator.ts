import type { HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import type { DataSource } from 'typeorm';

import { StorageOperations } from '../operations/storage-operations.js';
import { StorageError } from '../errors/index.js';
import { CONDITIONS } from '../postgres/faults/conditions.js';
import { describeFault, PostgresError } from '../postgres/faults/database-fault.js';
import { withClient } from '../postgres/with-client.js';
import { type HealthQuestion, questionsOf } from './ask-health.js';
import {
  type HealthCheckOptions,
  resolveHealthOptions,
  type ResolvedHealthOptions,
  type StorageHealthOptions,
  withCallOptions,
} from './health-options.js';
import { type HealthProblem, isDown } from './health-problem.js';
import { tablesByName } from './health-tables.js';
import { KeptAnswers } from './kept-answers.js';

/** Problems in the details of a check; a new database lacks every table. */
const MAX_PROBLEMS = 20;

/** Part of the time left that a statement may take, so that the server's answer comes before the end of the check. */
const STATEMENT_SHARE = 0.8;

/**
 * Health of a StorageModule, for the `HealthCheckService` of @nestjs/terminus 11 or 12. A check ends in time and rejects only
 * for wrong options, whatever the database does. Checks at the same time share what they ask.
 */
export class StorageHealthIndicator {
  private readonly tables: ReturnType<typeof tablesByName>;
  private readonly options: ResolvedHealthOptions;
  private readonly answers = new KeptAnswers();

  /** Injected by Nest. */
  constructor(
    private readonly health: HealthIndicatorService,
    private readonly dataSource: DataSource,
    options: StorageHealthOptions,
  ) {
    this.tables = tablesByName(dataSource);
    this.options = resolveHealthOptions(options, this.tables);
  }

  /**
   * Down: no connection, a pending migration, or a table that differs from its entity so that its loads fail. Degraded, with
   * terminus 11 up: more open rejected records, a longer silence of a running load or of a table than the options allow. The
   * details are `problems`: {@link HealthProblem}, at most 20.
   * @param key - of the result. @default 'storage'
   * @throws StorageError `INVALID_OPTIONS`
   */
  async check<const Key extends string = 'storage'>(
    key: Key = 'storage' as Key,
    options: HealthCheckOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const asked = withCallOptions(this.options, options, this.tables);
    return this.resultOf(key, await this.findProblems(asked));
  }

  /**
   * Down: no connection. Nothing else is asked, so that a readiness probe does not take all instances of an application out
   * of service when a table differs.
   * @param key - of the result. @default 'storage'
   * @throws StorageError `INVALID_OPTIONS`
   */
  async pingCheck<const Key extends string = 'storage'>(
    key: Key = 'storage' as Key,
    options: Pick<HealthCheckOptions, 'timeoutMs'> = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const { timeoutMs } = withCallOptions(this.options, options, this.tables);
    return this.resultOf(key, await this.findConnectionProblems(timeoutMs));
  }

  private async findProblems(options: ResolvedHealthOptions): Promise<readonly HealthProblem[]> {
    const end = performance.now() + options.timeoutMs;
    const problems = [...(await this.findConnectionProblems(options.timeoutMs))];
    for (const question of questionsOf(options, this.tables)) {
      // What makes the storage down is enough; other questions would fail for the same reason.
      if (performance.now() >= end || problems.some(isDown)) {
        break;
      }
      problems.push(...(await this.answer(question, end)));
    }
    return problems;
  }

  private async findConnectionProblems(timeoutMs: number): Promise<readonly HealthProblem[]> {
    // Without a timeout of its own, a query to a silent server would keep its connection.
    const query = { text: 'SELECT 1', query_timeout: timeoutMs };
    const ping = () => withClient(this.dataSource, (client) => client.query(query), timeoutMs);
    try {
      await inTime(this.answers.get('connection', ping, timeoutMs, 0), timeoutMs);
      return [];
    } catch (error) {
      const message =
        error instanceof OverdueError
          ? `No connection within ${timeoutMs} ms: the server does not answer, or all connections of the pool are in use`
          : `No connection: ${reasonOf(error)}`;
      return [{ cause: 'connection', message }];
    }
  }

  private async answer({ name, subject, ask }: HealthQuestion, end: number): Promise<readonly HealthProblem[]> {
    const leftMs = leftUntil(end);
    const statementTimeoutMs = Math.ceil(leftMs * STATEMENT_SHARE);
    const limits = { statementTimeoutMs, lockTimeoutMs: statementTimeoutMs, connectTimeoutMs: leftMs };
    const operations = new StorageOperations(this.dataSource, limits);
    try {
      return await inTime(
        this.answers.get(name, () => ask(operations), leftMs, this.options.cacheMs),
        leftMs,
      );
    } catch (error) {
      const reason = error instanceof OverdueError ? 'no answer in time' : reasonOf(error);
      const unanswered = { cause: 'unanswered', message: `Could not read ${subject}: ${reason}` } as const;
      const isLost = !(error instanceof OverdueError) && (await this.findConnectionProblems(leftUntil(end))).length > 0;
      return isLost ? [{ cause: 'connection', message: `The connection was lost: ${reason}` }] : [unanswered];
    }
  }

  private resultOf<Key extends string>(key: Key, problems: readonly HealthProblem[]): HealthIndicatorResult<Key> {
    const result = this.health.check(key);
    if (problems.length === 0) {
      return result.up();
    }
    const details = { problems: problems.slice(0, MAX_PROBLEMS) };
    if (problems.some(isDown)) {
      return result.down(details);
    }
    // Terminus 11 does not have it.
    const canDegrade = (result as Partial<typeof result>).degraded !== undefined;
    return canDegrade ? result.degraded(details) : result.up(details);
  }
}

/** @returns whole milliseconds, at least one */
function leftUntil(end: number): number {
  return Math.max(1, Math.ceil(end - performance.now()));
}

/** No answer in time. */
class OverdueError extends Error {
  override readonly name = 'OverdueError';
}

async function inTime<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new OverdueError()), timeoutMs);
  });
  try {
    return await Promise.race([answer, overdue]);
  } finally {
    clearTimeout(timer);
  }
}

/** Why the database did not answer. Its own text may name a host, and so may that of the operating system. */
function reasonOf(error: unknown): string {
  const cause = error instanceof StorageError ? error.cause : error;
  return cause instanceof PostgresError
    ? `${CONDITIONS[cause.code] ?? 'unexpected error'} [${cause.code}]`
    : describeFault(cause).message;
}
