import { getEventListeners, getMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { LoadInterruptedError, readRecords } from '../../../../src/index.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

describe('a source of records', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  describe('that was read', () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;

    /** Of a source and what it captured only this reference is left. */
    const loadFrom = async (signal: AbortSignal, disposition: 'merge' | 'replace'): Promise<WeakRef<object>> => {
      const captured = { submission_id: 'a' };
      async function* source() {
        expect(getEventListeners(signal, 'abort')).toHaveLength(1);
        expect(getMaxListeners(signal)).toBe(Infinity);
        yield captured;
      }
      await app.profiles.storeBatch(source(), { signal, disposition });
      return new WeakRef(captured);
    };

    it.each(['merge', 'replace'] as const)('is let go, and so are the signals: %s', async (disposition) => {
      const { signal } = new AbortController();
      const captured = await loadFrom(signal, disposition);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      await turn();
      collectGarbage();
      expect(captured.deref()).toBeUndefined();
    });
  });

  it('is closed at an interrupt, even when it is a stream that gives nothing more', async () => {
    const controller = new AbortController();
    const stream = new Readable({ objectMode: true, read() {} });
    stream.push({ submission_id: 'a' });
    const options = { signal: controller.signal, batchSize: 1, onProgress: () => controller.abort() };
    await expect(app.profiles.storeBatch(stream, options)).rejects.toThrow(LoadInterruptedError);
    expect(stream.destroyed).toBe(true);
  });

  it('that is an upload of lines loses the broken one only', async () => {
    const upload = Readable.from([Buffer.from('{"submission_id":"a"}\n{"submission_id":\n{"submission_id":"b"}\n')], {
      objectMode: false,
    });
    const result = await app.profiles.storeBatch(readRecords(upload, { format: 'jsonl' }));
    expect(result).toMatchObject({ inserted: 2, rejected: 1, rejects: [{ position: 1, reason: 'invalid_json' }] });
    expect(await app.rows('SELECT raw FROM storage_rejected_records')).toEqual([
      { raw: Buffer.from('{"submission_id":') },
    ]);
  });

  it('that breaks is the cause of the failure, even when it cannot be closed either', async () => {
    const source = {
      [Symbol.asyncIterator]: (): AsyncIterator<object> => ({
        next: () => Promise.reject(new Error('the source is gone')),
        return: () => {
          throw new Error('it cannot be closed');
        },
      }),
    };
    const load = app.profiles.storeBatch(source);
    await expect(load).rejects.toMatchObject({ cause: { message: 'the source is gone' } });
  });
});
