import { ConsoleLogger, type LoggerService } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, startStorageAppBeside, type StorageApp } from '../../support/app/storage-app.js';
import { errorOf, withRejection } from '../../support/parity/faults.js';
import { many, opportunity, submission } from '../../support/parity/records.js';

const REJECTED = submission('t3_x', { trust_score: 'high' });
const SECRET = 'secret-of-the-caller.csv';

interface Line {
  readonly level: string;
  readonly line: object;
}

/** Keeps the lines of loads: they are objects, other messages are texts. */
class Lines implements LoggerService {
  readonly lines: Line[] = [];
  readonly debug = this.keep('debug');
  readonly log = this.keep('log');
  readonly warn = this.keep('warn');
  readonly error = this.keep('error');

  /** The fields that a logger writes as JSON, with the level. */
  get fields(): unknown[] {
    return this.lines.map(({ level, line }) => ({ level, ...(JSON.parse(JSON.stringify(line)) as object) }));
  }

  private keep(level: string) {
    return (line: unknown, ...more: unknown[]): void => {
      if (typeof line === 'object' && line !== null && more.at(-1) === 'LoaderService') {
        this.lines.push({ level, line });
      }
    };
  }
}

/** What a logger writes to standard output meanwhile. */
function written(work: () => void): string {
  const { write } = process.stdout;
  const chunks: string[] = [];
  process.stdout.write = (chunk: string | Uint8Array) => chunks.push(String(chunk)) > 0;
  try {
    work();
  } finally {
    process.stdout.write = write;
  }
  return chunks.join('');
}

describe('the log of loads', () => {
  let app: StorageApp;
  const logger = new Lines();
  beforeAll(async () => {
    app = await startStorageApp({ loader: { batchSize: 2, maxAttempts: 1 } });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    app.module.useLogger(logger);
    logger.lines.length = 0;
  });

  const id = expect.any(String);
  const durationMs = expect.any(Number);

  it('has a line at the start and at the end of a load, without what is zero', async () => {
    const { loadId } = await app.profiles.storeBatch([...many(3, submission), { title: 'skipped' }], {
      loadKey: SECRET,
      source: SECRET,
    });
    const load = { loadId, table: 'submissions', disposition: 'merge' };
    const counts = { received: 4, inserted: 3, skipped: 1 };
    expect(logger.fields).toEqual([
      { level: 'log', message: 'Load started', ...load },
      { level: 'log', message: 'Load completed', ...load, counts, durationMs },
    ]);
    await app.profiles.storeBatch([], { loadKey: SECRET, source: SECRET });
    expect(logger.fields.at(-1)).toMatchObject({ message: 'Load was completed before', loadId });
    expect(JSON.stringify(logger.fields) + logger.lines.map(({ line }) => String(line)).join()).not.toContain(SECRET);
  });

  it('has one for debugging of a few records that went well, and a warning where some were rejected', async () => {
    await app.profiles.store(many(1, submission));
    await app.dataSource.transaction((manager) => app.profiles.withManager(manager).store(many(1, submission)));
    await app.profiles.store([REJECTED, submission('t3_y')]);
    const line = { loadId: id, table: 'submissions', disposition: 'merge', durationMs };
    expect(logger.fields).toEqual([
      { ...line, level: 'debug', message: 'Load completed', counts: { received: 1, inserted: 1 } },
      { ...line, level: 'debug', message: 'Load completed', counts: { received: 1, unchanged: 1 } },
      { ...line, level: 'warn', message: 'Load completed', counts: { received: 2, inserted: 1, rejected: 1 } },
    ]);
  });

  it('has both of many records at once, and of a replace', async () => {
    await app.profiles.store(many(200, submission));
    await app.profiles.store(many(1, submission), { disposition: 'replace' });
    await app.hybrid.storeBatch(many(1, opportunity));
    expect(logger.fields).toMatchObject([
      { level: 'log', message: 'Load started' },
      { level: 'log', counts: { inserted: 200 } },
      { level: 'log', message: 'Load started', disposition: 'replace' },
      { level: 'log', message: 'Load completed', counts: { received: 1, unchanged: 1 } },
      { level: 'log', message: 'Load started', table: 'hybrid' },
      { level: 'log', counts: { received: 1, stored: 1 } },
    ]);
  });

  it('tells a load that failed, one that was interrupted, and the attempt that resumed it', async () => {
    const failing = { table: 'submissions', when: "NEW.submission_id = 't3_0002'", sqlstate: '53100' };
    const options = { loadKey: SECRET };
    await withRejection(app, failing, () => errorOf(app.profiles.storeBatch(many(3, submission), options)));
    const signal = AbortSignal.abort();
    await errorOf(app.profiles.storeBatch(many(3, submission), { ...options, signal }));
    await app.profiles.storeBatch(many(3, submission), options);
    expect(logger.fields).toMatchObject([
      { level: 'log', message: 'Load started' },
      { level: 'error', message: 'Load failed', counts: { received: 3, inserted: 2, failed: 1 }, errorCode: '53100' },
      { level: 'log', attempt: 2 },
      { level: 'warn', message: 'Load interrupted', attempt: 2, errorCode: 'LOAD_INTERRUPTED' },
      { level: 'log', attempt: 3 },
      { level: 'log', message: 'Load completed', attempt: 3, counts: { received: 3, inserted: 3 } },
    ]);
  });

  it("is a sentence in the text of Nest's logger, and fields in its JSON", async () => {
    const { loadId } = await app.profiles.store([REJECTED, submission('t3_y')]);
    const [{ line } = { line: {} }] = logger.lines;
    const text = written(() => new ConsoleLogger({ colors: false }).warn(line, 'LoaderService'));
    expect(text).toMatch(
      new RegExp(
        `WARN \\[LoaderService\\] Load completed: merge into submissions \\(${loadId}\\): received 2, inserted 1, rejected 1 in \\d+ ms`,
      ),
    );
    const json = written(() => new ConsoleLogger({ json: true }).warn(line, 'LoaderService'));
    expect(JSON.parse(json)).toMatchObject({
      level: 'warn',
      context: 'LoaderService',
      message: { message: 'Load completed', loadId, counts: { received: 2, inserted: 1, rejected: 1 } },
    });
  });

  it("is empty under logs: 'off', and a logger that throws fails no load", async () => {
    const silent = await startStorageAppBeside(app, { logs: 'off', loader: { maxAttempts: 1 } });
    silent.module.useLogger(logger);
    await silent.profiles.storeBatch([REJECTED]);
    await silent.close();
    expect(logger.fields).toEqual([]);
    const broken = (): never => {
      throw new Error('standard output is closed');
    };
    app.module.useLogger({ log: broken, debug: broken, warn: broken, error: broken });
    expect(await app.profiles.storeBatch(many(1, submission))).toMatchObject({ ok: true, inserted: 1 });
  });
});
