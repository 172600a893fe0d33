import { describe, expect, it, jest } from '@jest/globals';
import { Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Column, DataSource, Entity, type MigrationInterface, PrimaryColumn, type QueryRunner } from 'typeorm';

import { type EntityLoader, getLoaderToken, HybridStoreService, StorageModule } from '../../../src/index.js';
import { createTestDatabase, StorageTestingModule, type StorageTestingOptions } from '../../../src/testing/index.js';
import { withDatabase } from '../../support/database/databases.js';
import { queryValue } from '../../support/processes/embedded-processes.js';

@Entity('prices_tested')
class Price {
  @PrimaryColumn('text')
  sku: string;

  @Column('numeric')
  amount: string;
}

class AddAmount1764000000002 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE prices_tested ADD amount numeric NOT NULL');
  }

  async down(): Promise<void> {}
}

class CreatePrices1764000000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE TABLE prices_tested (sku text PRIMARY KEY)');
  }

  async down(): Promise<void> {}
}

/** Modules of an application: one leaves its entities to the StorageModule, one adds them to its own DataSource. */
@Module({ imports: [StorageModule.forFeature([Price])] })
class PricesModule {}

@Module({ imports: [StorageModule.forFeature([Price], { dataSourceName: 'default' })] })
class JoinedPricesModule {}

const migrations = [AddAmount1764000000002, CreatePrices1764000000001];

async function withTestApp(
  options: StorageTestingOptions,
  feature: typeof PricesModule,
  work: (app: TestingModule) => Promise<void>,
): Promise<void> {
  const app = await Test.createTestingModule({ imports: [StorageTestingModule.forRoot(options), feature] }).compile();
  try {
    await app.init();
    await work(app);
  } finally {
    await app.close();
  }
}

async function loadPriceAndPost(app: TestingModule): Promise<void> {
  const prices = app.get<EntityLoader<Price>>(getLoaderToken(Price));
  expect(await prices.load([{ sku: 'a', amount: '1.50' }])).toMatchObject({ inserted: 1, ok: true });
  expect(await app.get(HybridStoreService).store([{ submission_id: 't3_1' }])).toMatchObject({ stored: 1 });
}

describe('StorageTestingModule with an entity of the application', () => {
  it('applies its migrations, in the order of their timestamps', () =>
    withTestApp({ migrations }, PricesModule, loadPriceAndPost));

  it('opens the DataSource of its modules on the same database, and accepts module options', () =>
    withTestApp({ migrations, dataSourceName: 'default', unknownFields: 'reject' }, JoinedPricesModule, async (app) => {
      await loadPriceAndPost(app);
      expect(await app.get(DataSource).query('SELECT amount FROM prices_tested')).toEqual([{ amount: '1.50' }]);
      const rejected = await app.get(HybridStoreService).store([{ submission_id: 't3_2', flair: 'new' }]);
      expect(rejected.rejects).toMatchObject([{ reason: 'unknown_field' }]);
    }));
});

describe('createTestDatabase with migrations', () => {
  it('leaves no database behind when one of them fails', () =>
    withDatabase(async (url) => {
      const logged = jest.spyOn(console, 'log').mockImplementation(() => {});
      let made = '';
      class Failing1764000000003 implements MigrationInterface {
        async up(queryRunner: QueryRunner): Promise<void> {
          [{ made }] = (await queryRunner.query('SELECT current_database() AS made')) as [{ made: string }];
          throw new Error('on purpose');
        }

        async down(): Promise<void> {}
      }
      await expect(createTestDatabase({ migrations: [Failing1764000000003] })).rejects.toThrow('on purpose');
      logged.mockRestore();
      expect(made).toMatch(/^harbor_test_/);
      expect(await queryValue(url, `SELECT count(*)::integer FROM pg_database WHERE datname = '${made}'`)).toBe(0);
    }));
});
