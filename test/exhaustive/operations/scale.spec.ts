import { createHash } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { StorageOperations } from '../../../src/operations/storage-operations.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { textOf, wrapQueries } from '../../support/database/statements.js';
import { seedHistory } from '../../support/history/seed-history.js';
import { sized } from '../../support/sizes/sizes.js';

const SIZE = sized(
  { loads: 20_000, rejects: 100_000, batchesOfLargest: 2_000 },
  { loads: 200_000, rejects: 1_000_000, batchesOfLargest: 20_000 },
);
const LARGE = ['storage_loads', 'storage_load_batches', 'storage_rejected_records'];
const DAY_MS = 86_400_000;

/** A node of a plan, as EXPLAIN prints it. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

interface Explained {
  readonly Plan: PlanNode;
  readonly 'Execution Time': number;
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

describe(`a history of ${SIZE.loads} loads and ${SIZE.rejects} rejected records`, () => {
  let app: StorageApp;
  let operations: StorageOperations;
  const sent: { readonly text: string; readonly values: unknown[] }[] = [];
  const times: string[] = [];
  let explaining: Client;
  /** What the executor took of a processor for each statement, in milliseconds. */
  const usage: number[] = [];
  beforeAll(async () => {
    app = await startStorageApp();
    operations = new StorageOperations(app.dataSource, { statementTimeoutMs: 60_000 });
    await seedHistory((sql, parameters) => app.dataSource.query(sql, parameters), SIZE);
    // As autovacuum does it; without, an index alone would not tell which rows are visible. The server of the tests commits
    // asynchronously, and rows whose commit is not on disk are not visible to all.
    await app.rows('CHECKPOINT');
    await app.rows(`VACUUM ${LARGE.join(', ')}`);
    explaining = new Client({ connectionString: (app.dataSource.options as { url: string }).url });
    explaining.on('notice', ({ detail }) => {
      const found = /([\d.]+) s user, ([\d.]+) s system/.exec(detail ?? '');
      usage.push((Number(found?.[1]) + Number(found?.[2])) * 1000);
    });
    await explaining.connect();
    wrapQueries(app.dataSource, (query) => (...parameters) => {
      const [, values] = parameters;
      if (/^\s*(?:SELECT|WITH)/.test(textOf(parameters)) && Array.isArray(values)) {
        sent.push({ text: textOf(parameters), values });
      }
      return query(...parameters);
    });
  });
  afterAll(async () => {
    process.stdout.write(`${['milliseconds of the server: by the processor, and passed', ...times].join('\n')}\n`);
    await Promise.all([app.close(), explaining.end()]);
  });

  const idOf = (what: string): string =>
    createHash('md5')
      .update(what)
      .digest('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const largest = idOf(`load ${SIZE.loads}`);
  const middle = idOf(`load ${SIZE.loads / 2 + 1}`);
  const mostRejecting = idOf('load 1');
  const rejected = idOf(`reject ${SIZE.rejects / 2 + 1}`);
  const rejectedByIt = idOf(`reject ${SIZE.rejects / 2 + 10}`);
  const since = new Date(Date.now() - 30 * DAY_MS);

  /** Explains a statement as the product runs it, and returns its plan and what the server took. */
  async function explain(
    text: string,
    values: unknown[],
  ): Promise<{ plan: PlanNode; processor: number; passed: number }> {
    usage.length = 0;
    await explaining.query(
      'BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0; ' +
        'SET LOCAL client_min_messages = log; SET LOCAL log_executor_stats = on',
    );
    const { rows } = await explaining.query<{ 'QUERY PLAN': [Explained] }>(
      `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`,
      values,
    );
    await explaining.query('COMMIT');
    const [{ Plan: plan, 'Execution Time': passed }] = (rows[0] as (typeof rows)[number])['QUERY PLAN'];
    return { plan, processor: usage[0] ?? Number.NaN, passed };
  }

  it.each<[string, () => Promise<unknown>]>([
    ['activity of 24h', () => operations.activity('24h')],
    ['activity of 7d', () => operations.activity('7d')],
    ['activity of 30d', () => operations.activity('30d')],
    ['running loads', () => operations.running()],
    ['freshness', () => operations.freshness()],
    ['pending migrations', () => operations.pendingMigrations()],
    ['open rejects by table and reason', () => operations.rejectsByTableAndReason()],
    ['replayed rejects by table and reason', () => operations.rejectsByTableAndReason({ replayed: true })],
    ['open rejects of 30d by table and reason', () => operations.rejectsByTableAndReason({ since })],
    ['open rejects of a table by reason', () => operations.rejectsByTableAndReason({ table: 'hybrid' })],
    [
      'rejects of a load by reason',
      async () => operations.rejectsByTableAndReason({ loadId: mostRejecting, replayed: 'any' }),
    ],
    ['loads', () => operations.loads()],
    ['loads, a page in the middle', async () => operations.loads({ after: middle })],
    ['loads, the page before', async () => operations.loads({ before: middle })],
    ['loads into a table', () => operations.loads({ table: 'prices' })],
    ['loads into a table, a page in the middle', async () => operations.loads({ table: 'prices', after: middle })],
    ['loads of a source', () => operations.loads({ source: 'file 500.jsonl' })],
    ['loads of a source that there is not', () => operations.loads({ source: 'none' })],
    ['running loads, a page', () => operations.loads({ status: 'running' })],
    [
      'failed loads into a table since',
      () => operations.loads({ table: 'prices', status: 'failed', startedFrom: since }),
    ],
    ['the load of a key', () => operations.loads({ loadKey: 'key 50' })],
    ['one load', async () => operations.load(largest)],
    [
      'batches of a load',
      async () => {
        const found = await operations.load(largest);
        return operations.batches(found as NonNullable<typeof found>, { after: SIZE.batchesOfLargest / 2 });
      },
    ],
    ['timeline of a load', async () => operations.timeline({ loadId: largest, shards: null })],
    ['rejects', () => operations.rejects()],
    ['rejects, a page in the middle', async () => operations.rejects({ after: rejected })],
    ['rejects of a table', () => operations.rejects({ table: 'events' })],
    ['rejects of a table and reason', () => operations.rejects({ table: 'events', reason: '23505' })],
    ['rejects of a table named with its schema', () => operations.rejects({ table: 'public.events' })],
    ['replayed rejects', () => operations.rejects({ replayed: true })],
    ['rejects of a load', async () => operations.rejects({ loadId: mostRejecting })],
    [
      'rejects of a load, a page in the middle',
      async () => operations.rejects({ loadId: mostRejecting, after: rejectedByIt }),
    ],
    ['count of open rejects', () => operations.countRejects()],
    ['count of all rejects', () => operations.countRejects({ replayed: 'any' })],
    ['count of open rejects of a table', () => operations.countRejects({ table: 'hybrid' })],
    ['count of open rejects of a load', async () => operations.countRejects({ loadId: mostRejecting })],
    ['count of open rejects before a time', () => operations.countRejects({ until: since })],
  ])('%s: by an index', async (name, ask) => {
    await ask();
    sent.length = 0;
    await ask();
    const asked = [...sent];
    expect(asked.length).toBeGreaterThan(0);
    let [processor, passed] = [0, 0];
    for (const { text, values } of asked) {
      const explained = await explain(text, values);
      const sequential = nodesOf(explained.plan).filter(
        (node) => node['Node Type'] === 'Seq Scan' && LARGE.includes(node['Relation Name'] ?? ''),
      );
      expect([text, sequential]).toEqual([text, []]);
      processor += explained.processor;
      passed += explained.passed;
    }
    const statements = asked.length > 1 ? ` (${asked.length} statements)` : '';
    times.push(`${processor.toFixed(0).padStart(5)} ${passed.toFixed(0).padStart(5)}  ${name}${statements}`);
  });
});
