import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, type MessageEvent, Sse } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { lastValueFrom, map, type Observable } from 'rxjs';

import {
  LoaderService,
  LoadInterruptedError,
  LoadStatsService,
  StorageError,
  StorageModule,
} from '../../../src/index.js';
import { withDatabase } from '../../support/database/databases.js';
import { queryValue } from '../../support/processes/embedded-processes.js';
import { openConnections } from '../../support/database/open-connections.js';
import { initStorageApp } from '../../support/app/storage-app.js';

const startAt = async (url: string) =>
  initStorageApp(
    await Test.createTestingModule({ imports: [StorageModule.forRoot({ url, loader: { parallelism: 1 } })] }).compile(),
  );

describe('shutdown of the application during a load', () => {
  let letSourceEnd = (): void => {};
  afterEach(() => letSourceEnd());

  it('keeps the batches committed, ends the load as interrupted, and closes the connections', () =>
    withDatabase(async (url) => {
      const app = await startAt(url);
      let closing: Promise<void> | undefined;
      async function* endless() {
        for (let id = 0; ; id += 1) {
          if (id === 5) {
            closing = app.close();
          }
          yield { submission_id: `s${id}` };
        }
      }
      const load = app.profiles.storeBatch(endless(), { batchSize: 2 });
      const error: unknown = await load.catch((failure: unknown) => failure);
      await closing;

      expect(error).toBeInstanceOf(LoadInterruptedError);
      expect(error).toMatchObject({ result: { inserted: 4, received: 6, failed: 2, ok: false } });
      expect(await queryValue(url, 'SELECT count(*)::integer FROM submissions')).toBe(4);
      expect(await queryValue(url, 'SELECT row(status, received, inserted, failed)::text FROM storage_loads')).toBe(
        '(interrupted,6,4,2)',
      );
      expect(await queryValue(url, 'SELECT count(*)::integer FROM storage_load_batches')).toBe(2);
      expect(await openConnections(url)).toBe(0);
    }));

  it('ends several loads at once', () =>
    withDatabase(async (url) => {
      const app = await startAt(url);
      let closing: Promise<void> | undefined;
      function* endless(table: string) {
        for (let id = 0; ; id += 1) {
          if (id === 30) {
            closing ??= app.close();
          }
          yield { submission_id: `${table}${id}`, problem_description: 'p' };
        }
      }
      const loads = [
        app.profiles.storeBatch(endless('x'), { batchSize: 3 }),
        app.opportunities.storeBatch(endless('y'), { batchSize: 3 }),
        app.hybrid.storeBatch(endless('z'), { batchSize: 3 }),
      ];
      const ends = await Promise.allSettled(loads);
      await closing;
      expect(ends.map((end) => end.status === 'rejected' && (end.reason as Error).name)).toEqual(
        loads.map(() => 'LoadInterruptedError'),
      );
      expect(await queryValue(url, 'SELECT array_agg(DISTINCT status) FROM storage_loads')).toEqual(['interrupted']);
      expect(await openConnections(url)).toBe(0);
    }));

  it('does not wait for an idle source', () =>
    withDatabase(async (url) => {
      const app = await startAt(url);
      const noMore = new Promise<void>((resolve) => {
        letSourceEnd = resolve;
      });
      let closing: Promise<void> | undefined;
      async function* stalled() {
        yield { submission_id: 'a' };
        closing = app.close();
        await noMore;
      }
      await expect(app.profiles.storeBatch(stalled(), { batchSize: 1 })).rejects.toThrow(LoadInterruptedError);
      await closing;
      expect(await queryValue(url, 'SELECT status FROM storage_loads')).toBe('interrupted');
    }));

  it('completes progress$ after the end of running loads was published', () =>
    withDatabase(async (url) => {
      const app = await startAt(url);
      const last = lastValueFrom(app.stats.progress$);
      let closing: Promise<void> | undefined;
      async function* endless() {
        for (let id = 0; ; id += 1) {
          if (id === 5) {
            closing = app.close();
          }
          yield { submission_id: `s${id}` };
        }
      }
      await expect(app.profiles.storeBatch(endless(), { batchSize: 2 })).rejects.toThrow(LoadInterruptedError);
      await closing;
      expect(await last).toMatchObject({ table: 'submissions', status: 'interrupted', loaded: 4 });
    }));

  it('completes progress$ before the HTTP server waits for the routes that stream it', () =>
    withDatabase(async (url) => {
      @Controller()
      class ProgressController {
        @Inject(LoadStatsService) private readonly stats: LoadStatsService;

        @Sse('progress')
        stream(): Observable<MessageEvent> {
          return this.stats.progress$.pipe(map((data) => ({ data })));
        }
      }
      const module = await Test.createTestingModule({
        imports: [StorageModule.forRoot({ url })],
        controllers: [ProgressController],
      }).compile();
      const app = module.createNestApplication({ logger: false });
      await app.listen(0, '127.0.0.1');
      const response = await fetch(`${await app.getUrl()}/progress`, { headers: { connection: 'close' } });
      const streamed = response.text();
      await module.get(LoaderService).load('submissions', [{ submission_id: 'a' }]);
      await app.close();
      expect(await streamed).toContain('"status":"completed"');
    }));

  it('rejects new loads', () =>
    withDatabase(async (url) => {
      const app = await startAt(url);
      await app.close();
      await expect(app.profiles.store([{ submission_id: 'a' }])).rejects.toBeInstanceOf(StorageError);
      expect(await queryValue(url, 'SELECT count(*)::integer FROM submissions')).toBe(0);
    }));
});
