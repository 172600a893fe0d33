import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { StorageApp } from '../../support/app/storage-app.js';
import { traceStatements } from '../../support/app/writer-trace.js';
import { COMPOUND_TYPES } from '../../support/types/compound-types.js';
import { EXTENSION_TYPES } from '../../support/types/extension-types.js';
import { loadCases } from '../../support/types/load-cases.js';
import { NAME_TYPES } from '../../support/types/name-types.js';
import { NUMBER_TYPES } from '../../support/types/number-types.js';
import { TEXT_TYPES } from '../../support/types/text-types.js';
import { TIME_TYPES } from '../../support/types/time-types.js';
import type { TypeCases } from '../../support/types/type-case.js';
import { startTypedApp, type TypedTable } from '../../support/types/typed-tables.js';

const ALL: readonly TypeCases[] = [
  ...NUMBER_TYPES,
  ...TEXT_TYPES,
  ...NAME_TYPES,
  ...TIME_TYPES,
  ...COMPOUND_TYPES,
  ...EXTENSION_TYPES,
];

/** Types that take no text, or none from a client. */
const WITHOUT_INPUT: ReadonlySet<string> = new Set([
  'gtsvector',
  'pg_brin_bloom_summary',
  'pg_brin_minmax_multi_summary',
  'pg_dependencies',
  'pg_mcv_list',
  'pg_ndistinct',
  'pg_node_tree',
]);

describe('every type of Postgres', () => {
  let app: StorageApp;
  let tables: readonly TypedTable[];
  let close: () => Promise<void>;
  let staging: { count: number };
  const ran = { stored: 0, rejected: 0 };
  beforeAll(async () => {
    ({ app, tables, close } = await startTypedApp(ALL));
    staging = traceStatements(app, /^CREATE TEMPORARY TABLE IF NOT EXISTS harbor_staging_/);
  });
  afterAll(async () => {
    const left = ALL.filter(({ type }) => !tables.some((table) => table.type === type));
    process.stdout.write(
      `(type, value, way): ${ran.stored + ran.rejected} cases of ${tables.length} types, ${ran.stored} stored, ` +
        `${ran.rejected} rejected; types this server lacks: ${left.map(({ type }) => type).join(', ') || 'none'}\n`,
    );
    await close();
  });

  it('is in the table', async () => {
    const live = await app.rows<{ name: string }>(
      `SELECT format_type(oid, -1) AS name FROM pg_type
        WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm')
          AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = pg_type.oid)`,
    );
    const covered = await app.rows<{ name: string }>(
      `SELECT DISTINCT format_type(COALESCE(NULLIF(t.typbasetype, 0), t.oid), -1) AS name
         FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attname = 'v'`,
    );
    const names = new Set(covered.map(({ name }) => name));
    expect(live.map(({ name }) => name).filter((name) => !names.has(name) && !WITHOUT_INPUT.has(name))).toEqual([]);
  });

  describe.each(['objects', 'jsonl', 'csv'] as const)('from %s', (way) => {
    it.each(['upsert', 'staged', 'direct'] as const)(
      'holds what came, or the record was rejected: %s',
      async (writer) => {
        const wrong: string[] = [];
        staging.count = 0;
        for (const table of tables) {
          const outcome = await loadCases(app, table, way, writer);
          ran.stored += outcome.stored;
          ran.rejected += outcome.rejected;
          wrong.push(...outcome.wrong);
        }
        expect(wrong).toEqual([]);
        expect(staging.count).toBe(writer === 'staged' ? tables.length : 0);
      },
    );
  });
});
