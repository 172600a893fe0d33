import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import pg from 'pg';

import { SubmissionEntity, StorageModule, QuarantineService, SchemaService } from '../../../src/index.js';
import { StorageOperations } from '../../../src/operations/storage-operations.js';
import { initStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { createUserProject, type ProjectFolder } from '../../support/cli/project-folder.js';
import { runCommand } from '../../support/cli/run-command.js';
import { type ReplicatedServer, startReplicatedServer } from '../../support/processes/replicated-server.js';

const records = (count: number) => Array.from({ length: count }, (_, index) => ({ submission_id: `t3_${index}` }));

/** Nothing of this package is in the replica: each query that goes there fails, for want of its table. */
describe('a replica that lags behind', () => {
  let server: ReplicatedServer;
  let app: StorageApp;
  let project: ProjectFolder;
  beforeAll(async () => {
    server = await startReplicatedServer();
    await server.replay(false);
    const dataSource = {
      type: 'postgres' as const,
      driver: pg,
      autoLoadEntities: true,
      installExtensions: false,
      retryAttempts: 0,
      replication: { master: { url: server.primary }, slaves: [{ url: server.replica }] },
    };
    app = await initStorageApp(
      await Test.createTestingModule({
        imports: [
          TypeOrmModule.forRoot(dataSource),
          StorageModule.forRoot({ dataSource: 'default', migrations: 'run' }),
        ],
      }).compile(),
    );
    project = await createUserProject(server.primary);
    for (const [name, slave] of [
      ['lagging', server.replica],
      ['away', 'postgres://127.0.0.1:1/postgres'],
    ] as const) {
      await project.write(
        `${name}.js`,
        `import { DataSource } from 'typeorm';
         export default new DataSource({
           type: 'postgres', entities: [], installExtensions: false,
           replication: { master: { url: process.env.DATABASE_URL }, slaves: [{ url: '${slave}' }] },
         });`,
      );
    }
  });
  afterAll(async () => {
    await project.remove();
    await app.close();
    await server.close();
  });

  it('decides nothing: every load writes to the primary by what it reads there', async () => {
    const { profiles, hybrid } = app;
    expect(await profiles.store(records(3))).toMatchObject({ ok: true, inserted: 3 });
    expect(await profiles.store([...records(300), { submission_id: '' }])).toMatchObject({ unchanged: 3, rejected: 1 });
    const keyed = { loadKey: 'k', batchSize: 100 };
    expect(await profiles.storeBatch(records(300), keyed)).toMatchObject({ unchanged: 300, alreadyCompleted: false });
    expect(await profiles.storeBatch(records(300), keyed)).toMatchObject({ unchanged: 300, alreadyCompleted: true });
    expect(await hybrid.storeBatch(records(300))).toMatchObject({ ok: true });
    await app.rows('ALTER TABLE submissions ADD added text');
    expect(await profiles.store(records(200), { disposition: 'replace' })).toMatchObject({ unchanged: 200 });
  });

  it('answers no question of an operator', async () => {
    const quarantine = app.module.get(QuarantineService);
    const schema = app.module.get(SchemaService);
    const operations = new StorageOperations(app.dataSource);
    const loads = await app.stats.history();
    expect(loads.length).toBeGreaterThan(3);
    expect(await app.stats.findLoad(loads[0]?.loadId as string)).toEqual(loads[0]);
    expect(Object.keys(await app.stats.totals())).toContain('submissions');
    expect(await app.stats.historyPeriod()).toBeDefined();
    expect(await quarantine.count()).toBe(1);
    const [rejected] = await quarantine.list();
    expect(await quarantine.get(rejected?.id as string, { withRaw: true })).not.toBeNull();
    expect(await quarantine.replay()).toMatchObject({ rejected: 1 });
    expect(await quarantine.purge({ table: 'submissions' })).toMatchObject({ purged: 1 });
    expect(JSON.stringify(await schema.check(SubmissionEntity))).toContain('added');
    expect(await schema.propose(SubmissionEntity)).toBeDefined();
    expect(await schema.proposeWidening(SubmissionEntity)).toBeDefined();
    expect((await operations.loads()).loads.length).toBeGreaterThan(3);
    expect(await operations.pendingMigrations()).toEqual([]);
    expect(await operations.freshness()).toHaveLength(2);
  });

  it("answers TypeORM's own reads, as the option asks, but for those of a transaction", async () => {
    await expect(app.profiles.findById('t3_1')).rejects.toMatchObject({ code: '42P01' });
    await app.dataSource.transaction(async (manager) => {
      expect(await app.profiles.withManager(manager).findById('t3_1')).toMatchObject({ submissionId: 't3_1' });
    });
  });

  it.each(['lagging', 'away'])('is not asked by the command line, whose DataSource names it: %s', async (name) => {
    const run = async (command: string, input = '') => {
      const args = [...command.split(' '), '-d', join(project.path, `${name}.js`)];
      const { exitCode, stdout, stderr } = await runCommand(server.primary, args, input);
      return { exitCode, stderr, stdout };
    };
    const loaded = await run('load - --format jsonl --into submissions --json', '{"submission_id":""}\n');
    expect(loaded).toMatchObject({ exitCode: 3, stderr: '' });
    const { loadId } = JSON.parse(loaded.stdout) as { readonly loadId: string };
    const shown = await run(`loads show ${loadId} --json`);
    expect(JSON.parse(shown.stdout)).toMatchObject({ rejects: [{ position: 0 }] });
    for (const command of ['loads --table submissions', 'rejects list --table submissions', 'stats', 'migrate up']) {
      expect(await run(command)).toMatchObject({ exitCode: 0, stderr: '' });
    }
    // The rows are where it writes.
    expect(await run('migrate down')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/submissions.*--force/s),
    });
  });

  it('is told apart from the primary by the commands, when it is the only server', async () => {
    await server.replay(true);
    const run = (command: string) => runCommand(server.replica, command.split(' '));
    for (const command of ['migrate up', 'loads purge --older-than 1d', 'rejects purge --older-than 1d']) {
      expect(await run(command)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(/read-only; check that this is the primary/),
      });
    }
    expect(await run('loads')).toMatchObject({ exitCode: 0 });
    expect(await run('stats')).toMatchObject({ exitCode: 0 });
  });
});
