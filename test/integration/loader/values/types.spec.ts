import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { StorageApp } from '../../../support/app/storage-app.js';
import { COMPOUND_TYPES } from '../../../support/types/compound-types.js';
import { EXTENSION_TYPES } from '../../../support/types/extension-types.js';
import { loadCases } from '../../../support/types/load-cases.js';
import { NUMBER_TYPES } from '../../../support/types/number-types.js';
import { TEXT_TYPES } from '../../../support/types/text-types.js';
import { TIME_TYPES } from '../../../support/types/time-types.js';
import { startTypedApp, type TypedTable } from '../../../support/types/typed-tables.js';

/** A sample; test/exhaustive/types has every type, in every way. */
const SAMPLE = new Set(['money', 'text[]', 'timestamp(3) with time zone[]']);

describe('a value of a type that Postgres would change', () => {
  let app: StorageApp;
  let tables: readonly TypedTable[];
  let close: () => Promise<void>;
  beforeAll(async () => {
    const all = [...NUMBER_TYPES, ...TEXT_TYPES, ...TIME_TYPES, ...COMPOUND_TYPES, ...EXTENSION_TYPES];
    ({ app, tables, close } = await startTypedApp(all.filter(({ type }) => SAMPLE.has(type))));
  });
  afterAll(() => close());

  it.each([
    ['objects', 'upsert'],
    ['jsonl', 'staged'],
    ['csv', 'direct'],
  ] as const)('is stored as it came, or rejected, from %s: %s', async (way, writer) => {
    const wrong: string[] = [];
    for (const table of tables) {
      wrong.push(...(await loadCases(app, table, way, writer)).wrong);
    }
    expect(wrong).toEqual([]);
  });
});
