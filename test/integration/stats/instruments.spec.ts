import { Test } from '@nestjs/testing';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import {
  getStorageToken,
  LoaderService,
  QuarantineService,
  StorageModule,
  SubmissionEntity,
} from '../../../src/index.js';
import { StorageMetricsModule } from '../../../src/metrics/index.js';
import { StorageOpenTelemetryModule } from '../../../src/opentelemetry/index.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { Telemetry } from '../../support/app/telemetry.js';
import { textOf, wrapQueries } from '../../support/database/statements.js';
import { errorOf, withRejection } from '../../support/parity/faults.js';
import { keyOf, many, opportunity, submission } from '../../support/parity/records.js';

const REJECTED = submission('t3_x', { trust_score: 'high' });
const SECRET = 'secret-of-the-caller.csv';

/** Counts of records, by `table outcome`. */
type Sums = Record<string, number>;

/** What is not zero. */
const sumsOf = (values: readonly { table: unknown; outcome: unknown; n: unknown }[]): Sums =>
  Object.fromEntries(
    values
      .filter(({ n }) => n !== 0)
      .map(({ table, outcome, n }) => [`${String(table)} ${String(outcome)}`, Number(n)] as const),
  );

describe('metrics and traces of loads', () => {
  const telemetry = new Telemetry();
  const { registry } = telemetry;
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { batchSize: 250, parallelism: 1, maxAttempts: 2, maxRetryMs: 5_000 } }, [
      StorageMetricsModule.forRoot({ registry }),
      StorageOpenTelemetryModule.forRoot(),
    ]);
  });
  afterAll(async () => {
    await app.close();
    await telemetry.close();
  });
  beforeEach(async () => {
    await emptyTables(app);
    telemetry.forgetSpans();
  });

  const inRegistry = (name: string) => telemetry.inRegistry(name);
  const points = (name: string) => telemetry.points(name);

  const recordSums = async (): Promise<{ prometheus: Sums; openTelemetry: Sums }> => ({
    prometheus: sumsOf(
      (await inRegistry('records_total')).map(({ labels, value }) => ({
        table: labels['table'],
        outcome: labels['outcome'],
        n: value,
      })),
    ),
    openTelemetry: sumsOf(
      (await points('records')).map(({ labels, value }) => ({
        table: labels['db.collection.name'],
        outcome: labels['harbor.record.outcome'],
        n: value,
      })),
    ),
  });

  /** What the history has, by table. */
  const inHistory = async (): Promise<Sums> =>
    sumsOf(
      await app.rows<{ table: string; outcome: string; n: number }>(
        `SELECT "table", outcome, sum((counts ->> outcome)::bigint)::float8 AS n
           FROM (SELECT table_name AS "table", to_jsonb(l) AS counts FROM storage_loads AS l WHERE tables IS NULL
                 UNION ALL SELECT key, value FROM storage_loads, jsonb_each(tables)) AS c,
                unnest('{inserted,updated,unchanged,deleted,duplicates,skipped,rejected,failed}'::text[]) AS outcome
          GROUP BY 1, 2 HAVING sum((counts ->> outcome)::bigint) > 0`,
      ),
    );

  it('count as storage_loads does, by table, whatever the way of loading', async () => {
    const { profiles, hybrid, loader } = app;
    await profiles.store(many(1, submission));
    await profiles.store([
      submission(keyOf(0), { title: 'another' }),
      submission('t3_y'),
      submission('t3_y'),
      { title: '' },
    ]);
    await profiles.store([REJECTED, submission('t3_y'), submission('t3_z')]);
    await profiles.storeBatch([...many(300, submission), REJECTED]);
    await profiles.storeBatch(many(300, submission), { disposition: 'append' });
    await hybrid.store([...many(2, opportunity), { title: 'skipped' }]);
    await hybrid.storeBatch([...many(260, opportunity), opportunity('t3_x', { trust_score: 'high' })]);
    await profiles.upsert([submission('t3_upserted')] as never, ['submissionId'] as never);
    await loader.load(SubmissionEntity, many(3, submission) as never, { disposition: 'update' });
    await loader.load(SubmissionEntity, [{ submission_id: keyOf(1), gone: true }] as never, { deleteWhen: 'gone' });
    const buffer = loader.for(SubmissionEntity).buffer();
    await Promise.all(many(3, submission, 400).map((record) => buffer.add(record as never)));
    await buffer.close();
    const failing = { table: 'submissions', when: "NEW.submission_id = 't3_0799'", sqlstate: '53100' };
    await withRejection(app, failing, () => errorOf(profiles.storeBatch(many(300, submission, 500))));
    await profiles.store(many(210, submission), { disposition: 'replace' });
    await errorOf(profiles.storeBatch([], { disposition: 'replace' }));
    await app.module.get(QuarantineService).replay();

    const expected = await inHistory();
    const kinds = new Set(Object.keys(expected).map((name) => name.split(' ')[1]));
    expect([...kinds].sort()).toEqual(
      ['deleted', 'duplicates', 'failed', 'inserted', 'rejected', 'skipped', 'unchanged', 'updated'].sort(),
    );
    expect(await recordSums()).toEqual({ prometheus: expected, openTelemetry: expected });
  });

  it('leave out what a caller may roll back, but not its spans', async () => {
    const before = await recordSums();
    const [{ value: loads } = { value: -1 }] = await inRegistry('load_duration_seconds');
    await app.dataSource.transaction((manager) => app.profiles.withManager(manager).store(many(1, submission)));
    expect(await recordSums()).toEqual(before);
    expect((await inRegistry('load_duration_seconds'))[0]?.value).toBe(loads);
    expect(telemetry.spans.map(({ name }) => name)).toEqual(['INSERT submissions', 'harbor.batch', 'harbor.load']);
  });

  it('measure batches, durations, retries, active loads and open rejected records', async () => {
    registry.resetMetrics();
    let activeMeanwhile: unknown;
    await app.profiles.storeBatch([...many(300, submission), REJECTED], {
      loadKey: SECRET,
      source: SECRET,
      onProgress: async () => (activeMeanwhile ??= (await inRegistry('active_loads'))[0]?.value),
    });
    const colliding = { table: 'submissions', when: "NEW.submission_id = 't3_0400'", sqlstate: '40001' };
    await withRejection(app, colliding, () => errorOf(app.profiles.store(many(1, submission, 400))));

    expect(activeMeanwhile).toBe(1);
    expect(await inRegistry('active_loads')).toEqual([{ labels: { storage: 'default' }, value: 0 }]);
    const labels = { storage: 'default', table: 'submissions' };
    expect(await inRegistry('batches_total')).toEqual([
      { labels: { ...labels, outcome: 'committed' }, value: 2 },
      { labels: { ...labels, outcome: 'failed' }, value: 1 },
    ]);
    expect(await inRegistry('retries_total')).toEqual([{ labels: { ...labels, code: '40001' }, value: 1 }]);
    const rejects = await inRegistry('open_rejected_records');
    expect(rejects).toEqual([{ labels: { ...labels, reason: 'wrong_type' }, value: 1 }]);
    expect(await points('rejects.open')).toMatchObject([
      { labels: { 'harbor.load.table': 'submissions', 'harbor.reject.reason': 'wrong_type' }, value: 1 },
    ]);
    const durations = await registry.getSingleMetricAsString('harbor_storage_load_duration_seconds');
    expect(durations).toContain(
      'harbor_storage_load_duration_seconds_count{storage="default",table="submissions",status="completed"} 1',
    );
    expect(durations).toContain(
      'harbor_storage_load_duration_seconds_count{storage="default",table="submissions",status="failed"} 1',
    );
    expect(await telemetry.measured()).not.toContain(SECRET);
  });

  it('need no answer of the database: a gauge that has none has no value', async () => {
    await app.profiles.store([REJECTED]);
    await app.rows('ALTER TABLE storage_rejected_records RENAME TO elsewhere');
    try {
      expect(await inRegistry('open_rejected_records')).toEqual([]);
      expect(await points('rejects.open')).toEqual([]);
    } finally {
      await app.rows('ALTER TABLE elsewhere RENAME TO storage_rejected_records');
    }
    expect(await inRegistry('open_rejected_records')).toHaveLength(1);
  });

  it('ask the database once, for readers at the same time', async () => {
    const statements: string[] = [];
    wrapQueries(app.dataSource, (query) => (...parameters) => {
      statements.push(textOf(parameters));
      return query(...parameters);
    });
    await Promise.all([inRegistry('open_rejected_records'), points('rejects.open'), points('rejects.open')]);
    expect(statements.filter((text) => text.includes('RECURSIVE'))).toHaveLength(2);
  });

  it('share a registry with those of another module, and with those of an application that is started again', async () => {
    const { url } = app.dataSource.options as { url: string };
    const module = await Test.createTestingModule({
      imports: [
        StorageModule.forRoot({ url, name: 'archive', logs: 'off' }),
        StorageMetricsModule.forRoot({ registry, storage: 'archive' }),
      ],
    }).compile();
    module.useLogger(false);
    await module.init();
    const loader = module.get<LoaderService>(getStorageToken(LoaderService, 'archive'));
    await loader.load(SubmissionEntity, [REJECTED] as never);
    const mine = async (name: string) =>
      (await inRegistry(name)).filter(({ labels }) => labels['storage'] === 'archive').map(({ value }) => value);
    // All outcomes of a table begin at once, so that the first failure is an increase.
    expect((await mine('records_total')).sort()).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
    expect(await mine('open_rejected_records')).toEqual([1]);
    await module.close();
    expect(await mine('open_rejected_records')).toEqual([]);
    expect(() => StorageMetricsModule.forRoot({ registri: registry } as never)).toThrow('registri is not an option');
    expect(() => StorageOpenTelemetryModule.forRoot({ storage: '' })).toThrow(
      'storage must be the name of a StorageModule',
    );
  });

  describe('the spans of a load', () => {
    const named = (name: string) => telemetry.named(name);
    const parentOf = (span: ReturnType<typeof named>[number] | undefined) => telemetry.parentOf(span);

    it('hold those of its batches, and these those of their statements', async () => {
      const { loadId } = await app.profiles.storeBatch(many(300, submission), { loadKey: SECRET, source: SECRET });
      const [load] = named('harbor.load');
      expect(load).toMatchObject({
        kind: 0,
        status: { code: SpanStatusCode.UNSET },
        attributes: {
          'harbor.load.id': loadId,
          'harbor.load.table': 'submissions',
          'harbor.load.disposition': 'merge',
          'harbor.load.status': 'completed',
          'harbor.records.received': 300,
          'harbor.records.inserted': 300,
        },
      });
      const batches = named('harbor.batch');
      expect(batches.map(({ attributes }) => attributes)).toMatchObject([
        { 'harbor.batch.number': 0, 'harbor.batch.outcome': 'committed', 'harbor.records.inserted': 250 },
        { 'harbor.batch.number': 1, 'harbor.batch.outcome': 'committed', 'harbor.records.inserted': 50 },
      ]);
      expect(batches.map(parentOf)).toEqual([load, load]);
      const [database] = await app.rows<{ name: string }>('SELECT current_database() AS name');
      const client = { kind: 2, attributes: { 'db.system.name': 'postgresql', 'db.namespace': database?.name } };
      const [copy, insert] = [...named('COPY submissions'), ...named('INSERT submissions')];
      expect(copy).toMatchObject({
        ...client,
        attributes: { ...client.attributes, 'db.collection.name': 'submissions', 'db.operation.name': 'COPY' },
      });
      expect(insert).toMatchObject({ ...client, attributes: { ...client.attributes, 'db.operation.name': 'INSERT' } });
      expect([parentOf(copy), parentOf(insert)]).toEqual(batches);
      const told = telemetry.spans.map(({ name, attributes, events, status }) => ({
        name,
        attributes,
        events,
        status,
      }));
      expect(JSON.stringify(told)).not.toMatch(new RegExp(`${SECRET}|title of`));
    });

    it('are within the span of their caller, and hold those of the source', async () => {
      const tracer = trace.getTracer('test');
      await tracer.startActiveSpan('caller', async (caller) => {
        await app.profiles.storeBatch(
          (async function* () {
            tracer.startSpan('source').end();
            yield* many(1, submission);
          })(),
        );
        caller.end();
      });
      expect(parentOf(named('source')[0])?.name).toBe('harbor.load');
      expect(parentOf(named('harbor.load')[0])?.name).toBe('caller');
    });

    it('are no errors because of rejected records', async () => {
      const checked = { table: 'submissions', when: "NEW.submission_id = 't3_0001'", sqlstate: 'P0001' };
      await withRejection(app, checked, () => app.profiles.storeBatch(many(3, submission)));
      expect(telemetry.spans.filter(({ status }) => status.code !== SpanStatusCode.UNSET)).toEqual([]);
      expect(named('INSERT submissions')[0]?.attributes).toMatchObject({ 'db.response.status_code': 'P0001' });
      expect(named('DO submissions')).toHaveLength(1);
      expect(named('harbor.load')[0]?.attributes).toMatchObject({ 'harbor.records.rejected': 1 });
    });

    it('carry the SQLSTATE of what failed, and a retry', async () => {
      const colliding = { table: 'submissions', when: "NEW.submission_id = 't3_0000'", sqlstate: '40001' };
      await withRejection(app, colliding, () => errorOf(app.profiles.store(many(1, submission))));
      const statements = named('INSERT submissions');
      expect(statements).toHaveLength(2);
      const failed = { attributes: { 'error.type': '40001' }, status: { code: SpanStatusCode.ERROR } };
      expect(statements[1]).toMatchObject({ ...failed, attributes: { 'db.response.status_code': '40001' } });
      expect(named('harbor.batch')).toMatchObject([{ ...failed, events: [{ name: 'harbor.retry' }] }]);
      expect(named('harbor.load')).toMatchObject([failed]);

      telemetry.forgetSpans();
      await errorOf(app.profiles.store(many(1, submission), { primaryKey: ['title'] } as never));
      expect(named('harbor.load')).toMatchObject([
        { attributes: { 'error.type': 'INVALID_LOAD' }, status: { code: SpanStatusCode.ERROR } },
      ]);
    });
  });
});
