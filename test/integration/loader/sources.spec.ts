import { getEventListeners, getMaxListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { emptyTables } from '../../support/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/storage-app.js';

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
});
