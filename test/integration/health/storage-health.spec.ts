import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Inject } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import type { QueryRunner } from 'typeorm';
import request from 'supertest';

import { type HealthCheckOptions, StorageHealthIndicator, StorageHealthModule } from '../../../src/health/index.js';
import { type StorageApp, startStorageApp, startStorageAppBeside } from '../../support/app/storage-app.js';
import { textOf, wrapQueries } from '../../support/database/statements.js';

const HOUR = 3_600_000;

let options: HealthCheckOptions = {};

@Controller()
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(StorageHealthIndicator) private readonly storage: StorageHealthIndicator,
  ) {}

  @Get('health')
  @HealthCheck()
  check() {
    return this.health.check([() => this.storage.check('storage', options)]);
  }

  @Get('ready')
  ping() {
    return this.health.check([() => this.storage.pingCheck()]);
  }
}

let app: StorageApp;
let http: INestApplication;
/** What the pool of the application has sent. */
const sent: string[] = [];

beforeAll(async () => {
  app = await startStorageApp({ poolSize: 3 }, [
    {
      module: class {},
      imports: [
        TerminusModule.forRoot({ logger: false }),
        StorageHealthModule.forRoot({ cacheMs: 0, timeoutMs: 30_000 }),
      ],
      controllers: [HealthController],
    },
  ]);
  http = app.module.createNestApplication();
  await http.init();
  wrapQueries(app.dataSource, (query) => (...parameters) => {
    sent.push(textOf(parameters));
    return query(...parameters);
  });
});
afterAll(() => app.close());
afterEach(() => {
  options = {};
});

/** The answer of a health URL: status code, overall status, and details of the storage. */
async function ask(path = '/health'): Promise<Record<string, unknown>> {
  const { status, body } = await request(http.getHttpServer()).get(path);
  return { http: status, overall: body.status, ...body.details.storage };
}

const UP = { http: 200, overall: 'ok', status: 'up' };

/** Of a storage that is down for one problem. */
const downFor = (problem: object): object => ({
  http: 503,
  overall: 'error',
  status: 'down',
  problems: [expect.objectContaining(problem)],
});

/** Of a storage that is degraded for one problem. */
const degradedFor = (problem: object): object => ({
  http: 200,
  overall: 'degraded',
  status: 'degraded',
  problems: [expect.objectContaining(problem)],
});

describe('the health of the storage', () => {
  it('is up while nothing is wrong', async () => {
    expect(await ask()).toEqual(UP);
    expect(await ask('/ready')).toEqual(UP);
  });

  it('is down while a migration is pending, and up with one that only a newer version knows', async () => {
    const [last] = await app.rows<{ id: number; name: string }>('SELECT * FROM storage_migrations ORDER BY id DESC');
    await app.rows('DELETE FROM storage_migrations WHERE id = $1', [last?.id]);
    expect(await ask()).toEqual(
      downFor({ cause: 'pending_migration', message: expect.stringContaining(last?.name ?? '?') }),
    );
    expect(await ask('/ready')).toEqual(UP);
    await app.rows(
      'INSERT INTO storage_migrations SELECT * FROM jsonb_populate_record(NULL::storage_migrations, $1::jsonb)',
      [last],
    );
    await app.rows(
      `INSERT INTO storage_migrations (timestamp, name) VALUES (9999999999999, 'FromTheFuture9999999999999')`,
    );
    expect(await ask()).toEqual(UP);
  });

  it('is down while a table differs so that loads break, and up with a column more', async () => {
    await app.rows('ALTER TABLE app_opportunities ADD COLUMN of_a_newer_version text');
    expect(await ask()).toEqual(UP);
    await app.rows('ALTER TABLE app_opportunities RENAME COLUMN problem_description TO was_renamed');
    expect(await ask()).toEqual(
      downFor({
        cause: 'schema_difference',
        table: 'app_opportunities',
        message: expect.stringContaining('problem_description'),
      }),
    );
    await app.rows('ALTER TABLE app_opportunities RENAME COLUMN was_renamed TO problem_description');
    expect(await ask()).toEqual(UP);
  });

  it('is degraded while more records than allowed are open in quarantine', async () => {
    await app.profiles.store(['a', 'b', 'c'].map((submission_id) => ({ submission_id, title: 'NUL \0' })));
    options = { maxOpenRejects: 3 };
    expect(await ask()).toEqual(UP);
    options = { maxOpenRejects: 2 };
    expect(await ask()).toEqual(degradedFor({ cause: 'open_rejects' }));
  });

  it('is degraded while a load gives no sign of life, and up while its batches come', async () => {
    const id = randomUUID();
    await app.rows(
      `INSERT INTO storage_loads (id, table_name, disposition, status, started_at)
       VALUES ($1, 'submissions', 'merge', 'running', now() - interval '1 hour')`,
      [id],
    );
    options = { stalledAfterMs: 2 * HOUR };
    expect(await ask()).toEqual(UP);
    options = { stalledAfterMs: HOUR / 2 };
    expect(await ask()).toEqual(
      degradedFor({ cause: 'stalled_load', table: 'submissions', message: expect.stringContaining(id) }),
    );
    await app.rows(
      `INSERT INTO storage_load_batches (load_id, attempt, batch_no, first_position, end_position, counts)
       VALUES ($1, 1, 1, 0, 0, '{}')`,
      [id],
    );
    expect(await ask()).toEqual(UP);
    await app.rows('DELETE FROM storage_load_batches WHERE load_id = $1', [id]);
    expect(await ask()).toMatchObject({ status: 'degraded' });
    await app.rows(`UPDATE storage_loads SET started_at = now() - interval '25 hours' WHERE id = $1`, [id]);
    expect(await ask()).toEqual(UP);
    await app.rows('DELETE FROM storage_loads WHERE id = $1', [id]);
  });

  it('is degraded while a table has had no load for too long, or none at all', async () => {
    options = { maxAge: { submissions: HOUR } };
    expect(await ask()).toEqual(degradedFor({ cause: 'stale_table', table: 'submissions' }));
    await app.profiles.store([{ submission_id: 't3_a' }]);
    expect(await ask()).toEqual(UP);
    await app.rows(
      `UPDATE storage_loads SET finished_at = now() - interval '2 hours' WHERE table_name = 'submissions'`,
    );
    expect(await ask()).toEqual(degradedFor({ cause: 'stale_table', table: 'submissions' }));
    await app.hybrid.store([{ submission_id: 't3_a' }]);
    expect(await ask()).toEqual(UP);
  });

  it('is down in time while no connection is free', async () => {
    const runners = Array.from({ length: 3 }, () => app.dataSource.createQueryRunner());
    await Promise.all(runners.map((runner: QueryRunner) => runner.connect()));
    options = { timeoutMs: 100 };
    expect(await ask()).toEqual(downFor({ cause: 'connection', message: expect.stringContaining('100 ms') }));
    await Promise.all(runners.map((runner) => runner.release()));
    options = {};
    expect(await ask()).toEqual(UP);
  });

  it('is asked once by callers at the same time', async () => {
    await ask();
    sent.length = 0;
    await ask();
    const once = sent.length;
    sent.length = 0;
    await Promise.all(Array.from({ length: 10 }, () => app.module.get(StorageHealthIndicator).check()));
    expect(sent).toHaveLength(once);
  });

  it('tells nothing of where the database is', async () => {
    options = { maxAge: { app_opportunities: 1 }, maxOpenRejects: 0 };
    await app.rows('ALTER TABLE app_opportunities RENAME COLUMN problem_description TO was_renamed');
    const { url } = app.dataSource.options as { readonly url: string };
    const { hostname, port, username, password, pathname } = new URL(url);
    const text = JSON.stringify(await ask());
    await app.rows('ALTER TABLE app_opportunities RENAME COLUMN was_renamed TO problem_description');
    for (const secret of [hostname, port, username, password, pathname.slice(1)]) {
      expect(secret).not.toBe('');
      expect(text).not.toContain(secret);
    }
  });
});

describe('another indicator', () => {
  let other: StorageApp;
  let indicator: StorageHealthIndicator;
  beforeAll(async () => {
    other = await startStorageAppBeside(app, { migrations: 'off' }, [StorageHealthModule.forRoot()]);
    indicator = other.module.get(StorageHealthIndicator);
    await app.rows(`UPDATE storage_migrations SET name = name || '_'`);
    await indicator.check('storage', { timeoutMs: 30_000 });
    await app.rows(`UPDATE storage_migrations SET name = rtrim(name, '_')`);
  });
  afterAll(() => other.close());

  it("keeps the answers about the schema, without the migrations that the application's module leaves to others", async () => {
    const again: string[] = [];
    wrapQueries(other.dataSource, (query) => (...parameters) => {
      again.push(textOf(parameters));
      return query(...parameters);
    });
    expect(await indicator.check('database')).toEqual({ database: { status: 'up' } });
    expect(again).toEqual(['SELECT 1']);
  });

  it('is degraded while a table is locked that a question reads', async () => {
    const locking = app.dataSource.createQueryRunner();
    await locking.startTransaction();
    await locking.query('LOCK TABLE storage_rejected_records IN ACCESS EXCLUSIVE MODE');
    const message = expect.stringMatching(/^Could not read the open rejected records: .+ \[(?:57014|55P03)\]$/);
    expect(await indicator.check('storage', { maxOpenRejects: 1_000, timeoutMs: 1_500 })).toEqual({
      storage: { status: 'degraded', problems: [{ cause: 'unanswered', message }] },
    });
    await locking.rollbackTransaction();
    await locking.release();
    expect(await indicator.check('storage', { maxOpenRejects: 1_000, timeoutMs: 30_000 })).toEqual({
      storage: { status: 'up' },
    });
  });

  it.each([
    [{ maxOpenReject: 1 }, 'maxOpenReject is not an option (did you mean maxOpenRejects?)'],
    [
      { maxOpenRejects: -1, cacheMs: 0.5 },
      'maxOpenRejects must be an integer from 0 to 100000 (found number); cacheMs must be',
    ],
    [
      { maxAge: { app_oportunities: 1 } },
      'maxAge.app_oportunities is no table of the DataSource (did you mean app_opportunities?)',
    ],
    [{ maxAge: { app_opportunities: 0 } }, 'maxAge.app_opportunities must be an integer from 1'],
    [
      { tables: ['app_oportunities'] },
      'tables: app_oportunities is no table of the DataSource (did you mean app_opportunities?)',
    ],
  ])('rejects %j when the application starts', async (wrong, message) => {
    const starting = startStorageAppBeside(app, {}, [StorageHealthModule.forRoot(wrong as object)]);
    await expect(starting).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining(message),
    });
  });

  it('rejects wrong options of a call', async () => {
    const checking = app.module.get(StorageHealthIndicator).check('storage', { tables: ['submissions'] } as object);
    await expect(checking).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('tables is not'),
    });
  });
});
