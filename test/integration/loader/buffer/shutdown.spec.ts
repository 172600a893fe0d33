import { describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { LoaderService } from '../../../../src/index.js';
import { BufferedEvent, fates } from '../../../support/entities/buffered-event.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

describe('a buffer at the shutdown of the application', () => {
  it('loads on while other loads are interrupted, and an empty one takes no more', async () => {
    const other = await startAppWith([BufferedEvent], { loader: { maxRetryMs: 5_000 } });
    const blocker = new pg.Client({ connectionString: (other.dataSource.options as { url: string }).url });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE events IN EXCLUSIVE MODE');
    const buffer = other.loader.for(BufferedEvent).buffer({ maxRecords: 1 });
    const idle = other.loader.for(BufferedEvent).buffer();
    const adding = fates([0, 1].map((n) => buffer.add({ id: `e${n}`, n })));
    async function* endless() {
      yield { id: 'f' };
      await new Promise(() => {});
    }
    const interrupted = other.loader.loadBatch(BufferedEvent, endless());
    const ending = other.module.get(LoaderService).beforeApplicationShutdown();
    await expect(interrupted).rejects.toMatchObject({ code: 'LOAD_INTERRUPTED' });
    expect(await fates([idle.add({ id: 'e3' })])).toEqual(['BUFFER_CLOSED']);
    expect(buffer.pending).toBe(2);
    await blocker.query('COMMIT');
    await ending;
    expect(await adding).toEqual(['inserted', 'inserted']);
    await blocker.end();
    await other.close();
  });

  it('is given up when the table stays locked, and its callers are told', async () => {
    const other = await startAppWith([BufferedEvent], { loader: { maxRetryMs: 100, lockTimeoutMs: 300 } });
    const blocker = new pg.Client({ connectionString: (other.dataSource.options as { url: string }).url });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE events IN EXCLUSIVE MODE');
    const buffer = other.loader.for(BufferedEvent).buffer({ maxWaitMs: 0, maxRecords: 1 });
    const settled = fates([0, 1].map((n) => buffer.add({ id: `e${n}`, n })));
    await other.module.get(LoaderService).beforeApplicationShutdown();
    expect(await settled).toEqual(['LOAD_INTERRUPTED', 'SHUT_DOWN']);
    await blocker.end();
    await other.close();
  });

  it('is drained', async () => {
    const other = await startAppWith([BufferedEvent]);
    const buffer = other.loader.for(BufferedEvent).buffer({ maxWaitMs: 60_000 });
    const adding = [0, 1, 2].map((n) => buffer.add({ id: `e${n}`, n }));
    const settled = fates(adding);
    await other.close();
    expect(await settled).toEqual(['inserted', 'inserted', 'inserted']);
    expect(await fates([buffer.add({ id: 'e3' })])).toEqual(['BUFFER_CLOSED']);
  });
});
