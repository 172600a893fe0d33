import { Inject, Injectable, Module } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import {
  EntityLoader,
  getStorageToken,
  HybridStoreService,
  InjectLoader,
  InjectStorage,
  LoaderService,
  LoadStatsService,
  OpportunityRepository,
  ProfileRepository,
  StorageModule,
} from '../../../src/index.js';
import { withDatabase } from '../../support/database/databases.js';
import { queryValue } from '../../support/processes/embedded-processes.js';
import { openConnections } from '../../support/database/open-connections.js';

@Entity('gadgets')
class Gadget {
  @PrimaryColumn('text')
  id: string;

  @Column('integer', { nullable: true })
  size: number | null;
}

const CREATE_GADGETS = 'CREATE TABLE gadgets (id text PRIMARY KEY, size integer)';

@Injectable()
class Pipeline {
  constructor(
    readonly opportunities: OpportunityRepository,
    readonly profiles: ProfileRepository,
    readonly hybrid: HybridStoreService,
    readonly stats: LoadStatsService,
    readonly loader: LoaderService,
  ) {}
}

@Injectable()
class GadgetPipeline {
  @InjectLoader(Gadget)
  readonly gadgets: EntityLoader<Gadget>;
}

async function withApp<T>(
  imports: NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>,
  providers: NonNullable<Parameters<typeof Test.createTestingModule>[0]['providers']>,
  work: (app: TestingModule) => Promise<T>,
): Promise<T> {
  const app = await Test.createTestingModule({ imports, providers }).compile();
  try {
    app.useLogger(false);
    await app.init();
    return await work(app);
  } finally {
    await app.close();
  }
}

describe('StorageModule', () => {
  it('forRoot: gives every service to any module of the application', () =>
    withDatabase(async (url) => {
      @Module({ providers: [Pipeline], exports: [Pipeline] })
      class FarAwayModule {}
      await withApp([StorageModule.forRoot({ url }), FarAwayModule], [], async (app) => {
        const pipeline = app.get(Pipeline, { strict: false });
        expect(await pipeline.hybrid.store([{ submission_id: 'a', problem_description: 'p' }])).toMatchObject({
          stored: 1,
        });
        expect(await pipeline.opportunities.findById('a')).toMatchObject({ submissionId: 'a' });
        expect(await pipeline.profiles.findById('a')).toMatchObject({ redditId: 'a' });
        expect(await pipeline.opportunities.findById('b')).toBeNull();
        expect(pipeline.stats.snapshot()).toMatchObject({ inserted: 2, loaded: 2, successRate: 1 });
        expect(await pipeline.stats.history()).toMatchObject([{ table: 'hybrid', status: 'completed', stored: 1 }]);
      });
    }));

  it('forRoot: rejects a second module of the same name, and takes the same module twice', () =>
    withDatabase(async (url) => {
      const storage = StorageModule.forRoot({ url });
      @Module({ imports: [storage] })
      class OtherModule {}
      await withApp([storage, OtherModule], [Pipeline], async (app) => {
        expect(await app.get(Pipeline).profiles.store([{ submission_id: 'a' }])).toMatchObject({ inserted: 1 });
      });
      await withDatabase(async (other) => {
        const both = [storage, StorageModule.forRootAsync({ useFactory: () => ({ url: other }) })];
        await expect(withApp(both, [Pipeline], async () => {})).rejects.toMatchObject({
          code: 'INVALID_OPTIONS',
          message: expect.stringMatching(/more than once for the name 'default'.*Import the module once/),
        });
        expect([await openConnections(url), await openConnections(other)]).toEqual([0, 0]);
      });
    }));

  it('forRootAsync: takes its options from providers of other modules', () =>
    withDatabase(async (url) => {
      const URL_TOKEN = Symbol('url');
      @Module({ providers: [{ provide: URL_TOKEN, useValue: url }], exports: [URL_TOKEN] })
      class ConfigModule {}
      const storage = StorageModule.forRootAsync({
        imports: [ConfigModule],
        inject: [URL_TOKEN],
        useFactory: async (given: string) => ({ url: given, unknownFields: 'discard' }),
      });
      await withApp([storage], [Pipeline], async (app) => {
        const result = await app
          .get(Pipeline)
          .profiles.untyped()
          .store([
            { submission_id: 'a', mood: 'good' },
            { submission_id: 'b', mood: 1 },
          ]);
        expect(result).toMatchObject({ inserted: 2, discardedFields: { mood: 2 }, unknownFields: { mood: 2 } });
      });
    }));

  it("unknownFields 'reject': rejects the record and names the field", () =>
    withDatabase((url) =>
      withApp([StorageModule.forRoot({ url, unknownFields: 'reject' })], [Pipeline], async (app) => {
        const { profiles, hybrid } = app.get(Pipeline);
        const result = await profiles.untyped().store([{ submission_id: 'a', mood: 'good' }, { submission_id: 'b' }]);
        expect(result).toMatchObject({ inserted: 1, rejected: 1 });
        expect(result.rejects).toMatchObject([{ reason: 'unknown_field', message: 'no column takes "mood"' }]);
        const record = { submission_id: 'c', problem_description: 'p', app_name: 'n', selftext: 's' };
        expect(await hybrid.untyped().store([record, { ...record, mood: 1 }])).toMatchObject({
          stored: 1,
          rejected: 1,
        });
      }),
    ));

  it('forFeature: gives each entity of the application a loader', () =>
    withDatabase(async (url) => {
      await queryValue(url, CREATE_GADGETS);
      const imports = [StorageModule.forRoot({ url }), StorageModule.forFeature([Gadget])];
      await withApp(imports, [GadgetPipeline], async (app) => {
        const { gadgets } = app.get(GadgetPipeline);
        expect(gadgets).toBeInstanceOf(EntityLoader);
        expect(await gadgets.load([{ id: 'a', size: 1 }])).toMatchObject({ table: 'gadgets', inserted: 1 });
        expect(await gadgets.loadBatch([{ id: 'a', size: 1 }, { id: 'b' }])).toMatchObject({
          unchanged: 1,
          inserted: 1,
        });
      });
    }));

  it('by table name: loads any entity it knows, and names those it knows otherwise', () =>
    withDatabase((url) =>
      withApp([StorageModule.forRoot({ url })], [Pipeline], async (app) => {
        const { loader } = app.get(Pipeline);
        expect(await loader.load('submissions', [{ submission_id: 'a' }])).toMatchObject({ inserted: 1 });
        await expect(loader.load('widgets', [{ id: 'a' }])).rejects.toThrow(
          /no entity or table "widgets".*submissions.*forFeature/,
        );
        await expect(loader.load(Pipeline, [])).rejects.toMatchObject({ code: 'INVALID_LOAD' });
      }),
    ));

  it('name: several of them live in one application, each on its own database', () =>
    withDatabase((first) =>
      withDatabase(async (second) => {
        await queryValue(second, CREATE_GADGETS);
        @Injectable()
        class Archivist {
          @InjectStorage(ProfileRepository, 'archive')
          readonly archived: ProfileRepository;

          @InjectLoader(Gadget, 'archive')
          readonly gadgets: EntityLoader<Gadget>;

          constructor(@Inject(ProfileRepository) readonly live: ProfileRepository) {}
        }
        const imports = [
          StorageModule.forRoot({ url: first }),
          StorageModule.forRoot({ url: second, name: 'archive' }),
          StorageModule.forFeature([Gadget], { name: 'archive' }),
        ];
        await withApp(imports, [Archivist], async (app) => {
          const { live, archived, gadgets } = app.get(Archivist);
          await live.store([{ submission_id: 'a' }]);
          await archived.store([{ submission_id: 'b' }]);
          await gadgets.load([{ id: 'g' }]);
          expect(await queryValue(first, 'SELECT string_agg(submission_id, $$,$$) FROM submissions')).toBe('a');
          expect(await queryValue(second, 'SELECT string_agg(submission_id, $$,$$) FROM submissions')).toBe('b');
          const stats = app.get<LoadStatsService>(getStorageToken(LoadStatsService, 'archive'));
          expect(stats.snapshot().inserted).toBe(2);
          expect(app.get(LoadStatsService).snapshot().inserted).toBe(1);
        });
      }),
    ));

  it('closes its connections with the application', () =>
    withDatabase(async (url) => {
      await withApp([StorageModule.forRoot({ url })], [Pipeline], async (app) => {
        await app.get(Pipeline).profiles.store([{ submission_id: 'a' }]);
        expect(await openConnections(url)).not.toBe(0);
      });
      expect(await openConnections(url)).toBe(0);
    }));
});
