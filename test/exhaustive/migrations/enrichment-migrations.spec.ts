import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { EnrichmentModule, EnrichmentStoreService, SchemaService } from '../../../src/index.js';
import { createTestDatabase, type TestDatabase } from '../../../src/testing/index.js';
import { startStorageAppAt } from '../../support/app/storage-app.js';
import { runCommand } from '../../support/cli/run-command.js';

describe('the migration of the enrichment tables', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  it('is applied where the module is imported, and is of no concern elsewhere', async () => {
    const without = await startStorageAppAt(database.url);
    expect((await without.module.get(SchemaService).check()).differences).toEqual([]);
    await without.close();

    // @nestjs/typeorm keeps the entities of a name: from here on, each module of this process has them.
    const checks = startStorageAppAt(database.url, {}, [EnrichmentModule.forFeature()]);
    await expect(checks).rejects.toThrow(/CreateEnrichmentTables1764700000000 is not applied.*migrate up --enrichment/);
    const app = await startStorageAppAt(database.url, { migrations: 'run' }, [EnrichmentModule.forFeature()]);
    expect(await app.module.get(EnrichmentStoreService).scores.load([{ submissionId: 'a', total: 1 }])).toMatchObject({
      inserted: 1,
    });
    await app.close();
  });

  it('is applied, listed and reverted by the command line', async () => {
    const run = (...args: string[]) => runCommand(database.url, args);
    expect((await run('migrate', 'status')).stdout).not.toContain('Enrichment');
    expect((await run('migrate', 'up')).stdout).toContain('No pending');
    expect((await run('migrate', 'up', '--enrichment')).stdout).toContain('CreateEnrichmentTables1764700000000');
    expect((await run('migrate', 'status')).stdout).toContain('CreateEnrichmentTables1764700000000');
    expect((await run('schema', 'check')).stdout).not.toContain('nrichment');
    // It was applied last, though there are migrations of a later time.
    expect((await run('migrate', 'down')).stdout).toContain('Reverted: CreateEnrichmentTables1764700000000');
    expect((await run('migrate', 'status')).stdout).not.toContain('Enrichment');
    expect((await run('migrate', 'up')).stdout).toContain('No pending');
  });
});
