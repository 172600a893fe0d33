import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { LoadFailedError, RejectLimitExceededError, StorageModule } from '../../../../src/index.js';
import { classifyFault, isRowFaultSql } from '../../../../src/postgres/faults/sqlstate.js';
import { withLoginRole } from '../../../support/database/login-role.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { emptyTables, quarantined } from '../../../support/app/quarantine.js';
import { countStatements, type SentStatements } from '../../../support/database/statements.js';
import { initStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { someOf } from '../../../support/sizes/sizes.js';

@Entity('nodes')
class TreeNode {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  parent: string | null;

  @Column('integer', { default: 0 })
  weight: number;
}

describe('a record that Postgres rejects among others', () => {
  let app: StorageApp;
  let sent: SentStatements;
  beforeAll(async () => {
    app = await startAppWith([TreeNode]);
    sent = countStatements(app.dataSource);
    await app.rows(`
      CREATE TABLE subreddits (name text PRIMARY KEY);
      INSERT INTO subreddits VALUES ('known');
      ALTER TABLE app_opportunities
        ADD CONSTRAINT known_subreddit FOREIGN KEY (subreddit) REFERENCES subreddits,
        ADD CONSTRAINT sure CHECK (confidence <= 1);
      ALTER TABLE submissions ADD CONSTRAINT counted CHECK (num_comments >= 0);
      ALTER TABLE nodes ADD FOREIGN KEY (parent) REFERENCES nodes, ADD CONSTRAINT light CHECK (weight < 10);
      CREATE SEQUENCE tries;
      CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE try bigint := nextval('tries');
        BEGIN
          IF NEW.status = 'raises' THEN
            RAISE EXCEPTION 'its value is %', NEW.title USING ERRCODE = 'disk_full';
          ELSIF NEW.status = 'collides' AND try = 11 THEN
            RAISE EXCEPTION 'in the way' USING ERRCODE = 'serialization_failure';
          END IF;
          RETURN NEW;
        END $$;
      CREATE TRIGGER meet BEFORE INSERT ON app_opportunities
        FOR EACH ROW WHEN (NEW.status IS NOT NULL) EXECUTE FUNCTION meet();
    `);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('TRUNCATE nodes; ALTER SEQUENCE tries RESTART');
  });

  const good = (id: number) => ({
    submission_id: `t3_${id}`,
    problem_description: `what ${id} is about`,
    confidence: 1,
  });
  const some = (count: number, fields: (id: number) => object) =>
    Array.from({ length: count }, (_, id) => ({ ...good(id), ...fields(id) }));
  const measured = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    Object.assign(sent, { statements: 0, messages: 0 });
    const begun = performance.now();
    const result = await work();
    const took = Math.round(performance.now() - begun);
    process.stderr.write(`${what}: ${took} ms, ${sent.statements} statements in ${sent.messages} messages\n`);
    return result;
  };
  const failureOf = (load: Promise<unknown>): Promise<unknown> =>
    load.then(
      () => 'no failure',
      (error: unknown) => error,
    );

  it.each(
    someOf<[string, number, (id: number) => object, string | undefined]>(2, [
      ['none', 0, () => ({}), undefined],
      ['1 by a foreign key', 1, (id: number) => (id === 6_543 ? { subreddit: 'unknown' } : {}), '23503'],
      ['500 by a check', 500, (id: number) => (id % 20 === 7 ? { confidence: 2 } : {}), '23514'],
      ['500 by a foreign key', 500, (id: number) => (id % 20 === 7 ? { subreddit: 'unknown' } : {}), '23503'],
    ]),
  )(
    'costs only itself, in at most 40 statements: of 10,000 %s',
    async (what, bad, fields, reason) => {
      const records = some(10_000, fields);
      const result = await measured(`10,000 records, rejected ${what}`, () => app.opportunities.store(records));

      expect(result).toMatchObject({ received: 10_000, inserted: 10_000 - bad, rejected: bad, failed: 0 });
      expect(sent.statements).toBeLessThanOrEqual(40);
      expect(await app.count('app_opportunities')).toBe(10_000 - bad);
      const rejected = await quarantined(app, result.loadId);
      const at = records.flatMap(({ confidence, ...record }, position) =>
        confidence > 1 || 'subreddit' in record ? [position] : [],
      );
      expect(rejected.map(({ position }) => position)).toEqual(at);
      expect(new Set(rejected.map((row) => row.reason))).toEqual(new Set(reason === undefined ? [] : [reason]));
    },
    60_000,
  );

  it('costs as little in a load of batches: at most 40 round trips with faults in each of two', async () => {
    const records = some(10_000, (id) => (id % 20 === 7 ? { confidence: 2 } : {}));
    const result = await measured('10,000 records in batches, rejected 500', () =>
      app.opportunities.storeBatch(records),
    );

    expect(result).toMatchObject({ inserted: 9_500, rejected: 500, batches: 2 });
    expect(sent.messages).toBeLessThanOrEqual(40);
  }, 60_000);

  it('costs the whole hybrid record, whichever half of it is rejected', async () => {
    const records = some(300, (id) => ({
      ...(id % 100 === 5 && { confidence: 2 }),
      ...(id % 100 === 6 && { num_comments: -1 }),
      ...(id % 2 === 0 && { problem_description: undefined }),
    }));
    const result = await app.hybrid.store(records);

    expect(result).toMatchObject({
      received: 300,
      stored: 294,
      rejected: 6,
      opportunities: { inserted: 147 },
      submissions: { inserted: 294 },
    });
    expect(
      (await quarantined(app, result.loadId)).map(({ position, reason, message }) => [position, reason, message]),
    ).toEqual(
      [5, 6, 105, 106, 205, 206].map((position) => {
        const place =
          position % 2 === 0 ? 'table submissions, constraint counted' : 'table app_opportunities, constraint sure';
        return [position, '23514', `check violation (${place}) [23514]`];
      }),
    );
  });

  it('costs only itself in the transaction of a caller, who goes on', async () => {
    await app.dataSource.transaction(async (manager) => {
      const opportunities = app.opportunities.withManager(manager);
      const first = some(250, (id) => (id === 9 ? { confidence: 2 } : {}));
      expect(await opportunities.store(first)).toMatchObject({ inserted: 249, rejected: 1 });
      const second = some(250, (id) => (id === 11 ? { confidence: 2 } : { title: 'second' }));
      expect(await opportunities.store(second)).toMatchObject({ inserted: 1, updated: 248, rejected: 1 });
    });
    expect(await app.count('app_opportunities')).toBe(250);
    expect(await app.count('storage_rejected_records')).toBe(2);
  });

  it('does not keep rows out that refer to each other, in whatever order they come', async () => {
    const chain = Array.from({ length: 120 }, (_, id) => ({ id: `n${id}`, parent: id < 119 ? `n${id + 1}` : null }));
    const tree = Array.from({ length: 120 }, (_, id) => ({
      id: `m${(id * 77) % 120}`,
      parent: (id * 77) % 120 === 0 ? null : `m${((id * 77) % 120) >> 1}`,
    }));
    const lost = [
      { id: 'orphan', parent: 'nobody' },
      { id: 'of orphan', parent: 'orphan' },
      { id: 'heavy', weight: 10 },
    ];
    const again = [{ id: 'n7', weight: 1 }];
    const result = await app.loader.load(TreeNode, [...chain, ...lost, ...tree, ...again]);

    expect(result).toMatchObject({ inserted: 240, duplicates: 1, rejected: 3 });
    expect((await quarantined(app, result.loadId)).map(({ key, reason }) => [key, reason])).toEqual([
      ['orphan', '23503'],
      ['of orphan', '23503'],
      ['heavy', '23514'],
    ]);
    expect(await app.rows("SELECT parent, weight FROM nodes WHERE id = 'n7'")).toEqual([{ parent: 'n8', weight: 1 }]);
  });

  it.each(['USAGE ON LANGUAGE plpgsql', 'TEMPORARY ON DATABASE'])(
    'is found by halving where the role has no %s',
    async (privilege) => {
      const [row] = await app.rows<{ name: string }>('SELECT quote_ident(current_database()) AS name');
      const what = privilege.endsWith('DATABASE') ? `${privilege} ${row?.name}` : privilege;
      await app.rows(`REVOKE ${what} FROM PUBLIC`);
      await withLoginRole(app, async (url, role) => {
        await app.rows(`ALTER ROLE ${role} BYPASSRLS; GRANT USAGE ON SEQUENCE tries TO ${role}`);
        const module = await Test.createTestingModule({ imports: [StorageModule.forRoot({ url })] }).compile();
        const limited = await initStorageApp(module);
        try {
          const result = await limited.opportunities.store(some(90, (id) => (id % 40 === 3 ? { confidence: 2 } : {})));
          expect(result).toMatchObject({ inserted: 87, rejected: 3 });
          const rejected = await quarantined(app, result.loadId);
          expect(rejected.map(({ position, reason }) => [position, reason])).toEqual(
            [3, 43, 83].map((position) => [position, '23514']),
          );
        } finally {
          await limited.close();
        }
      });
      await app.rows(`GRANT ${what} TO PUBLIC`);
    },
  );

  it('stops the load when it is one too many, long before the others were looked at', async () => {
    const records = some(2_000, () => ({ confidence: 2, status: 'counted' }));
    const error = await failureOf(app.opportunities.store(records, { maxRejects: 3 }));
    expect(error).toBeInstanceOf(RejectLimitExceededError);
    const [row] = await app.rows<{ tries: string }>('SELECT last_value AS tries FROM tries');
    expect(Number(row?.tries)).toBeLessThan(50);
    expect(await app.opportunities.store(records.slice(0, 3), { maxRejects: 3 })).toMatchObject({ rejected: 3 });
  });

  it.each([10, 300])("does not hide an error that is no row's: of %d", async (count) => {
    const records = some(count, (id) => ({
      ...(id === 3 && { confidence: 2 }),
      ...(id === 5 && { status: 'raises', title: 'secret' }),
    }));
    const error = await failureOf(app.opportunities.storeBatch(records));
    expect(error).toBeInstanceOf(LoadFailedError);
    expect(error).toMatchObject({ cause: { code: '53100' }, result: { failed: count, rejected: 0 } });
    expect(String((error as Error).message)).not.toContain('secret');
    expect(await app.count('app_opportunities')).toBe(0);
  });

  it('is looked for again when another transaction was in the way meanwhile', async () => {
    // The rows of the first attempt are tries 1 to 8; so it happens while the one at fault is looked for.
    const records = some(8, (id) => ({ status: 'collides', ...(id === 7 && { confidence: 2 }) }));
    const statuses: string[] = [];
    const result = await app.opportunities.store(records, { onProgress: ({ status }) => statuses.push(status) });
    expect(result).toMatchObject({ inserted: 7, rejected: 1, failed: 0 });
    expect(statuses).toEqual(['retrying', 'completed']);
  });

  it('costs only itself in every batch of a replace', async () => {
    await app.opportunities.store([
      { ...good(0), title: 'old' },
      { ...good(999_999), title: 'gone' },
    ]);
    const records = some(900, (id) => (id % 90 === 4 ? { confidence: 2 } : { title: 'new' }));
    const options = { disposition: 'replace', batchSize: 300, maxRejects: 10 } as const;
    expect(await app.opportunities.storeBatch(records, options)).toMatchObject({
      inserted: 889,
      updated: 1,
      removed: 1,
      rejected: 10,
    });
    expect(await app.rows('SELECT DISTINCT title FROM app_opportunities')).toEqual([{ title: 'new' }]);
  });
});

describe("what is one row's fault", () => {
  it('is the same to the server as to the loader', async () => {
    const codes = [
      '22001',
      '22P02',
      '22P04',
      '23505',
      '23P01',
      '54000',
      '54001',
      '54011',
      '40001',
      '42501',
      'P0001',
      '57014',
    ];
    const app = await startAppWith([]);
    const rows = await app.rows<{ code: string; fault: boolean }>(
      `SELECT c.code, ${isRowFaultSql('c.code')} AS fault FROM unnest($1::text[]) AS c(code)`,
      [codes],
    );
    expect(rows).toEqual(codes.map((code) => ({ code, fault: classifyFault({ code }) === 'row' })));
    await app.close();
  });
});
