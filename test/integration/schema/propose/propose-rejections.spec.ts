import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource, type DataSourceOptions } from 'typeorm';

import { SchemaService, StorageError } from '../../../../src/index.js';
import { withLoginRole } from '../../../support/database/login-role.js';
import { insertExtras, promotionOf, runUp } from '../../../support/entities/promotion.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

let app: StorageApp;
let schema: SchemaService;
beforeAll(async () => {
  app = await startStorageApp();
  schema = app.module.get(SchemaService);
});
afterAll(() => app.close());
beforeEach(() => app.rows('TRUNCATE submissions'));

describe('a proposal', () => {
  it('moves one field to a column, and leaves another spelling of it', async () => {
    await app.rows('ALTER TABLE submissions ADD two_words bigint');
    try {
      await insertExtras(app, [
        '{"createdUtc":"2024-05-01T10:00:00Z","created_utc":"2024-05-02T10:00:00Z","twoWords":1}',
        '{"created_utc":"2024-05-02T10:00:00Z","twoWords":2,"two_words":3}',
      ]);
      const proposal = await schema.propose('submissions', { minShare: 0 });
      expect(proposal.fields).toMatchObject([
        { field: 'created_utc', decision: 'move', column: 'created_utc' },
        { field: 'twoWords', decision: 'move', column: 'two_words' },
        {
          field: 'createdUtc',
          decision: 'keep',
          reason: 'name_collision',
          message: 'the column created_utc already takes the values of "created_utc"',
        },
        { field: 'two_words', decision: 'keep', reason: 'name_collision' },
      ]);
      expect(await runUp(app, promotionOf(proposal))).toEqual([]);
      expect(await app.rows('SELECT two_words, extra FROM submissions ORDER BY submission_id')).toEqual([
        { two_words: '1', extra: { createdUtc: '2024-05-01T10:00:00Z' } },
        { two_words: '2', extra: { two_words: 3 } },
      ]);
    } finally {
      await app.rows('ALTER TABLE submissions DROP two_words');
    }
  });

  it('moves nothing to a generated column', async () => {
    await app.rows('ALTER TABLE submissions ADD n bigint GENERATED ALWAYS AS (1) STORED');
    try {
      await insertExtras(app, ['{"n":1}']);
      expect((await schema.propose('submissions')).fields).toMatchObject([
        {
          decision: 'keep',
          reason: 'read_only_column',
          message: 'the column exists, but it is generated',
        },
      ]);
    } finally {
      await app.rows('ALTER TABLE submissions DROP n');
    }
  });

  it.each([
    [{ sampleAbove: NaN }, 'sampleAbove must be an integer from 1 to 1000000000'],
    [{ sampleAbove: -1 }, 'sampleAbove must be'],
    [{ sampleAbove: 0 }, 'sampleAbove must be'],
    [{ sampleAbove: 1e10 }, 'sampleAbove must be'],
    [{ sampleAbove: '1; DROP TABLE submissions' as unknown as number }, 'sampleAbove must be'],
    [{ minShare: 5 }, 'minShare must be a number from 0 to 1'],
    [{ minShare: NaN }, 'minShare must be'],
    [{ minCount: 0 }, 'minCount must be an integer from 1'],
    [{ minCount: 1.5, minShare: -1 }, 'minShare must be'],
    [{ minShares: 1 } as object, 'minShares is not an option of a proposal'],
  ])('rejects an option out of range: %p', async (options, message) => {
    await expect(schema.propose('submissions', options)).rejects.toMatchObject({
      name: 'InvalidLoadError',
      message: expect.stringContaining(message),
    });
  });

  it('uses the default for an undefined option', async () => {
    await insertExtras(app, ['{"a":1}']);
    const options = { minCount: undefined, minShare: undefined, sampleAbove: undefined } as object;
    expect((await schema.propose('submissions', options)).columns).toHaveLength(1);
  });

  it.each([
    ['a proposal', (service: SchemaService) => service.propose('submissions')],
    ['a widening', (service: SchemaService) => service.proposeWidening('submissions')],
    ['a check', (service: SchemaService) => service.check()],
  ])('throws a clear error if the role may not read: %s', async (_, ask) => {
    await withLoginRole(app, async (url, role) => {
      await app.rows(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${role}`);
      const options = { ...app.dataSource.options, url } as DataSourceOptions;
      const dataSource = await new DataSource(options).initialize();
      try {
        const error: unknown = await ask(new SchemaService(dataSource)).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(StorageError);
        expect(error).toMatchObject({
          code: 'SCHEMA_UNREADABLE',
          message: expect.stringContaining('permission denied'),
          cause: { name: 'PostgresError', code: '42501' },
        });
      } finally {
        await dataSource.destroy();
      }
    });
  });
});
