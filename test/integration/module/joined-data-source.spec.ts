import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import pg from 'pg';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';

import {
  getLoaderToken,
  type EntityLoader,
  ProfileRepository,
  storageEntities,
  StorageError,
  StorageModule,
} from '../../../src/index.js';
import { withDatabase } from '../../support/database/databases.js';

@Entity('submissions_seen')
class Seen {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  by: string | null;
}

/** Used in no other test: @nestjs/typeorm keeps entities of a DataSource for the life of the process. */
@Entity('submissions_unlisted')
class Unlisted {
  @PrimaryColumn('text')
  id: string;
}

type Imports = NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>;

async function withApp<T>(imports: Imports, work: (app: TestingModule) => Promise<T>): Promise<T> {
  const app = await Test.createTestingModule({ imports }).compile();
  try {
    app.useLogger(false);
    await app.init();
    return await work(app);
  } finally {
    await app.close();
  }
}

const base = (url: string) => ({
  type: 'postgres' as const,
  driver: pg,
  url,
  installExtensions: false,
  retryAttempts: 0,
});
const storeOne = async (app: TestingModule) => app.get(ProfileRepository).store([{ submission_id: 'a' }]);

describe("joining the application's own DataSource", () => {
  it.each([['default'], ['warehouse']])('by name, with autoLoadEntities: %s', (name) =>
    withDatabase(async (url) => {
      const ours = TypeOrmModule.forRoot({ ...base(url), name, autoLoadEntities: true });
      expect(await withApp([ours, StorageModule.forRoot({ dataSource: name })], storeOne)).toMatchObject({
        inserted: 1,
      });
    }),
  );

  it('by name, with the entities listed', () =>
    withDatabase(async (url) => {
      const ours = TypeOrmModule.forRoot({ ...base(url), name: 'listed', entities: [...storageEntities] });
      expect(await withApp([ours, StorageModule.forRoot({ dataSource: 'listed' })], storeOne)).toMatchObject({
        inserted: 1,
      });
    }));

  it('by name, from forRootAsync', () =>
    withDatabase((url) =>
      withApp(
        [
          TypeOrmModule.forRoot({ ...base(url), autoLoadEntities: true }),
          StorageModule.forRootAsync({ dataSourceName: 'default', useFactory: () => ({ unknownFields: 'reject' }) }),
        ],
        async (app) => {
          expect(await storeOne(app)).toMatchObject({ inserted: 1 });
          expect(await app.get(ProfileRepository).store([{ submission_id: 'b', mood: 1 }])).toMatchObject({
            rejected: 1,
          });
        },
      ),
    ));

  it('by name, from forRootAsync: rejects another name from useFactory', () =>
    withDatabase(async (url) => {
      const imports = [
        TypeOrmModule.forRoot({ ...base(url), autoLoadEntities: true }),
        StorageModule.forRootAsync({
          dataSourceName: 'default',
          useFactory: () => ({ dataSource: 'warehouse' }),
        }),
      ];
      await expect(withApp(imports, storeOne)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    }));

  it('by name, with entities of the application besides those of the module', () =>
    withDatabase((url) =>
      withApp(
        [
          TypeOrmModule.forRoot({ ...base(url), autoLoadEntities: true, synchronize: true }),
          StorageModule.forRoot({ dataSource: 'default' }),
          StorageModule.forFeature([Seen], { dataSourceName: 'default' }),
        ],
        async (app) => {
          expect(await storeOne(app)).toMatchObject({ inserted: 1 });
          const loader = app.get<EntityLoader<Seen>>(getLoaderToken(Seen), { strict: false });
          expect(await loader.load([{ id: 'a', by: 'me' }])).toMatchObject({ inserted: 1 });
        },
      ),
    ));

  it('names an entity of forFeature that is missing, and how to add it', () =>
    withDatabase(async (url) => {
      const starting = withApp(
        [
          TypeOrmModule.forRoot({ ...base(url), autoLoadEntities: true }),
          StorageModule.forRoot({ dataSource: 'default' }),
          StorageModule.forFeature([Unlisted]),
        ],
        storeOne,
      );
      await expect(starting).rejects.toMatchObject({
        code: 'ENTITIES_MISSING',
        message: expect.stringMatching(/lacks Unlisted: .*forFeature\(\[Unlisted\], { dataSourceName: 'default' }\)/),
      });
    }));

  it('waits at most connectTimeoutMs for a connection of a pool without a timeout', () =>
    withDatabase((url) =>
      withApp(
        [
          TypeOrmModule.forRoot({ ...base(url), autoLoadEntities: true, poolSize: 1 }),
          StorageModule.forRoot({ dataSource: 'default', connectTimeoutMs: 200, loader: { maxAttempts: 1 } }),
        ],
        async (app) => {
          await storeOne(app);
          const inUse = app.get(DataSource).createQueryRunner();
          await inUse.connect();
          const error: unknown = await storeOne(app).catch((failure: unknown) => failure);
          expect(error).toBeInstanceOf(StorageError);
          expect((error as Error).message).toMatch(/timeout exceeded when trying to connect.*withManager/);
          await inUse.release();
          // The late connection was returned to the pool.
          expect(await storeOne(app)).toMatchObject({ unchanged: 1 });
        },
      ),
    ));

  it('by name, with a pool that pipelines', () =>
    withDatabase((url) =>
      withApp(
        [
          TypeOrmModule.forRoot({ ...base(url), autoLoadEntities: true, poolSize: 1, extra: { pipeline: true } }),
          StorageModule.forRoot({ dataSource: 'default' }),
        ],
        async (app) => {
          const copied = Array.from({ length: 200 }, (_, n) => ({ submission_id: `t3_${n}` }));
          expect(await app.get(ProfileRepository).store(copied)).toMatchObject({ inserted: 200 });
          expect(await storeOne(app)).toMatchObject({ inserted: 1 });
          // The pool is as the application wants it.
          const inUse = app.get(DataSource).createQueryRunner();
          expect(await inUse.connect()).toMatchObject({ pipeline: true });
          await inUse.release();
        },
      ),
    ));

  it('warns about connections to a remote host without TLS', () =>
    withDatabase(async (url) => {
      const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
      try {
        // The address of no interface leads to this machine, and is not known as one that does.
        const elsewhere = Object.assign(new URL(url), { hostname: '0.0.0.0' }).href;
        const start = (address: string) =>
          withApp(
            [
              TypeOrmModule.forRoot({ ...base(address), autoLoadEntities: true }),
              StorageModule.forRoot({ dataSource: 'default' }),
            ],
            storeOne,
          );
        await start(elsewhere);
        expect(warn).toHaveBeenCalledWith(expect.stringContaining('without TLS'));
      } finally {
        warn.mockRestore();
      }
    }));

  it('rejects a url together with a DataSource', () =>
    withDatabase(async (url) => {
      const storage = StorageModule.forRoot({ dataSource: 'default', url });
      const starting = withApp([TypeOrmModule.forRoot({ ...base(url), autoLoadEntities: true }), storage], storeOne);
      await expect(starting).rejects.toThrow(/url and a DataSource .* exclude each other/);
    }));

  it('names missing entities, and what to set', () =>
    withDatabase(async (url) => {
      const imports = [
        TypeOrmModule.forRoot({ ...base(url), entities: [Seen] }),
        StorageModule.forRoot({ dataSource: 'default' }),
      ];
      const starting = withApp(imports, storeOne);
      await expect(starting).rejects.toMatchObject({ name: 'StorageError', code: 'ENTITIES_MISSING' });
      await expect(withApp(imports, storeOne)).rejects.toThrow(
        /lacks OpportunityEntity, SubmissionEntity, .*autoLoadEntities: true.*storageEntities/,
      );
    }));

  it('as an instance not yet open: opens it, adds its entities, and closes it', () =>
    withDatabase(async (url) => {
      const dataSource = new DataSource({ ...base(url), entities: [Seen] });
      await withApp([StorageModule.forRoot({ dataSource })], async (app) => {
        expect(await storeOne(app)).toMatchObject({ inserted: 1 });
        expect(dataSource.isInitialized).toBe(true);
        expect(dataSource.hasMetadata(Seen)).toBe(true);
      });
      expect(dataSource.isInitialized).toBe(false);
    }));

  it('as an instance not yet open: closes it when the start fails', () =>
    withDatabase(async (url) => {
      const dataSource = await new DataSource(base(url)).initialize();
      await dataSource.query('DELETE FROM storage_migrations');
      await dataSource.destroy();
      const starting = withApp([StorageModule.forRoot({ dataSource })], storeOne);
      await expect(starting).rejects.toMatchObject({ name: 'SchemaMismatchError' });
      expect(dataSource.isInitialized).toBe(false);
    }));

  it('as an instance already open: uses it, and leaves it open', () =>
    withDatabase(async (url) => {
      const dataSource = await new DataSource({ ...base(url), entities: [Seen, ...storageEntities] }).initialize();
      try {
        expect(await withApp([StorageModule.forRoot({ dataSource })], storeOne)).toMatchObject({ inserted: 1 });
        expect(dataSource.isInitialized).toBe(true);
        expect(await dataSource.query('SELECT submission_id FROM submissions')).toEqual([{ submission_id: 'a' }]);
      } finally {
        await dataSource.destroy();
      }
    }));

  it('as an open instance without its entities: names them', () =>
    withDatabase(async (url) => {
      const dataSource = await new DataSource({ ...base(url), entities: [Seen] }).initialize();
      try {
        await expect(withApp([StorageModule.forRoot({ dataSource })], storeOne)).rejects.toMatchObject({
          code: 'ENTITIES_MISSING',
        });
      } finally {
        await dataSource.destroy();
      }
    }));
});
