import { inspect } from 'node:util';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { LoadOptions } from '../../../src/index.js';
import { MARK, Witness } from '../../support/app/leaks.js';
import { emptyTables } from '../../support/app/quarantine.js';
import type { StorageApp } from '../../support/app/storage-app.js';
import { errorOf } from '../../support/parity/faults.js';
import { startTypedApp, type TypedTable } from '../../support/types/typed-tables.js';

/** Texts that the input functions of these types cannot read; most of them quote the text in their error. */
const UNREADABLE: Readonly<Record<string, string>> = {
  tsvector: `'${MARK}`,
  tsquery: `${MARK} & | x`,
  ltree: `${MARK}..a`,
  lquery: `${MARK}..a`,
  hstore: MARK,
  cube: `(${MARK})`,
  seg: MARK,
  jsonpath: `$.${MARK} ?? (`,
  xml: `<a>${MARK}<b>`,
  inet: MARK,
  cidr: `${MARK}/8`,
  macaddr: MARK,
  int4range: `[${MARK},2)`,
  tstzrange: `[${MARK},)`,
  numrange: MARK,
  int4multirange: MARK,
  money: MARK,
  point: MARK,
  polygon: MARK,
  interval: MARK,
  'bit(3)': MARK,
  uuid: MARK,
  'numeric(4,1)': MARK,
  'integer[]': `{${MARK}}`,
  cents: MARK,
  mood: MARK,
  pair: `(${MARK}`,
  pg_lsn: MARK,
};
const EXTENSIONS = ['ltree', 'hstore', 'cube', 'seg'];

const RAISED = ['P0001', '22023', '23514', '42601', '42501', '42P01', '21000', '0A000', 'XX000', '38000', 'APP01'];

describe('a value that an error of Postgres quotes', () => {
  let app: StorageApp;
  let tables: readonly TypedTable[];
  let close: () => Promise<void>;
  let witness: Witness;
  beforeAll(async () => {
    const types = [...Object.keys(UNREADABLE), 'text'].map((type) => {
      const extension = type === 'lquery' ? 'ltree' : EXTENSIONS.find((name) => name === type);
      return { type, cases: [], ...(extension !== undefined && { extension }) };
    });
    ({ app, tables, close } = await startTypedApp(types));
    await app.rows(`
      CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION '%', NEW USING ERRCODE = TG_ARGV[0], DETAIL = NEW::text, HINT = NEW::text, SCHEMA = NEW.v,
          TABLE = NEW.v, COLUMN = NEW.v, CONSTRAINT = NEW.v, DATATYPE = NEW.v;
      END $$`);
  });
  afterAll(() => close());
  beforeEach(async () => {
    await emptyTables(app);
    witness = new Witness();
    witness.follow(app);
  });

  const tableOf = (type: string): TypedTable => tables.find((table) => table.type === type) as TypedTable;
  const good = (count: number) => Array.from({ length: count }, (_, id) => ({ id }));
  const load = (type: string, records: object[], options: LoadOptions = {}) =>
    app.loader.loadBatch(tableOf(type).entity, records, { onProgress: witness.onProgress, ...options });

  describe.each([
    ['few', 3, {}],
    ['many', 250, {}],
    ['a replace', 3, { disposition: 'replace', maxRejects: 9 } as const],
  ])('among %s', (_, count, options) => {
    it.each(Object.entries(UNREADABLE))('is not leaked where %s cannot read it', async (type, v) => {
      const result = await load(type, [...good(count), { id: 1000, v }], options);
      expect(result).toMatchObject({ rejected: 1, failed: 0, rejects: [{ position: count, column: 'v' }] });
      expect(await witness.leaks(app, result)).toEqual([]);
    });

    it.each(RAISED)('is not leaked by a trigger that raises %s for its row, or for every row', async (code) => {
      const { table } = tableOf('text');
      const trigger = (when: string) =>
        app.rows(`CREATE TRIGGER tell BEFORE INSERT ON ${table} FOR EACH ROW ${when} EXECUTE FUNCTION tell('${code}')`);
      await app.rows(`TRUNCATE ${table}`);
      await trigger(`WHEN (NEW.v = '${MARK}')`);
      const result = await load('text', [...good(count), { id: 1000, v: MARK }], options);
      expect(result).toMatchObject({ rejected: 1, failed: 0, rejects: [{ position: count, reason: code }] });
      await app.rows(`DROP TRIGGER tell ON ${table}; TRUNCATE ${table}`);
      await trigger('');
      const all = good(count).map((record) => ({ ...record, v: MARK }));
      const outcome: unknown = await load('text', all, options).catch((error: unknown) => error);
      await app.rows(`DROP TRIGGER tell ON ${table}`);
      // A replace of which every record is rejected would empty the table.
      expect(inspect(outcome, { depth: 5 })).toMatch(new RegExp(`\\[${code}\\]|None of the 3 records`));
      expect(await witness.leaks(app, result, outcome)).toEqual([]);
    });
  });

  it.each(Object.entries(UNREADABLE))('is not leaked by a lone record that %s cannot read', async (type, v) => {
    const outcome: unknown = await load(type, [{ id: 1, v }]).catch((error: unknown) => error);
    expect(inspect(outcome, { depth: 5 })).toMatch(/rejected: 1|failed: 1/);
    expect(await witness.leaks(app, outcome)).toEqual([]);
  });

  it('is not leaked by a source whose iterator throws', async () => {
    const broken = {
      [Symbol.iterator](): never {
        throw new Error(MARK);
      },
    };
    const error = await errorOf(app.loader.loadBatch(tableOf('text').entity, broken, {}));
    expect(error).toMatchObject({ name: 'LoadFailedError' });
    expect((error as Error).message).not.toContain(MARK);
    expect(await witness.leaks(app)).toEqual([]);
  });
});
