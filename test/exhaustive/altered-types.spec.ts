import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { Column, type ColumnOptions, Entity, PrimaryColumn } from 'typeorm';

import { type LoadOptions, SchemaMismatchError } from '../../src/index.js';
import type { StorageApp } from '../support/app/storage-app.js';
import { startAppWith } from '../support/entities/own-entities.js';

/** A type, and texts of values that a cast to another type may round, cut, shift or pad. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  smallint: ['-300', '12'],
  integer: ['70000', '16777217'],
  bigint: ['9007199254740993', '5'],
  numeric: ['1.55', '12345678901234567890.123456789'],
  'numeric(8,3)': ['1.555', '12345.678'],
  real: ['0.5', '1.25'],
  'double precision': ['1.55', '1e+300'],
  text: ['longer than five', 'x  '],
  'character varying(20)': ['longer than five', 'x  '],
  'timestamp with time zone': ['2024-05-01T23:34:56.789123Z', '2024-05-01T12:00:00Z'],
  'timestamp without time zone': ['2024-05-01T23:34:56.789123', '2024-05-01T12:00:00'],
  'timestamp(6) with time zone': ['2024-05-01T23:34:56.789123Z'],
  'timestamp(6) without time zone': ['2024-05-01T23:34:56.789123'],
  date: ['2024-05-01'],
  'time without time zone': ['23:34:56.789123'],
  'time with time zone': ['23:34:56.789123+02'],
  interval: ['1 day 02:03:04.567891'],
  boolean: ['true', 'false'],
  'bit(8)': ['10101010'],
  'bit varying': ['101010101'],
  money: ['12.34'],
  inet: ['10.1.2.3/8'],
  jsonb: ['{"a": 1.10}'],
  json: ['{"a":  1}'],
  macaddr: ['08:00:2b:01:02:03'],
};

/** Other forms of these types, to which a column may be altered. */
const NARROWER = [
  'character varying(5)',
  'character(5)',
  'numeric(4,1)',
  'numeric(4,-1)',
  'timestamp(0) with time zone',
];
const SHORTER = [
  'timestamp(0) without time zone',
  'time(0) without time zone',
  'interval(0)',
  'interval year',
  'bit(4)',
];
const TARGETS = [...Object.keys(TYPES), ...NARROWER, ...SHORTER, 'bit varying(4)', 'cidr', 'macaddr8'];

/** What a promise is rejected with; undefined when it is not. */
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

/** An entity with one value of a type. */
function entityOf(type: string, place: number): Type<object> {
  class Cast {}
  const name = type.replace(/\(.*\)/, '');
  const digits = /\((.*)\)/.exec(type)?.[1]?.split(',').map(Number) ?? [];
  const numbers: ColumnOptions =
    digits.length === 0
      ? {}
      : name === 'numeric'
        ? { precision: digits[0] as number, scale: digits[1] as number }
        : name.startsWith('timestamp')
          ? { precision: digits[0] as number }
          : { length: digits[0] as number };
  Entity(`casts_${place}`)(Cast);
  PrimaryColumn('integer')(Cast.prototype, 'id');
  Column({ ...numbers, type: name as 'text', nullable: true })(Cast.prototype, 'v');
  return Cast;
}

const SOURCES = Object.keys(TYPES);
const ENTITIES = SOURCES.map(entityOf);

describe.each(['merge', 'append', 'replace'] as const)(
  'a column altered between two batches of a %s',
  (disposition) => {
    let app: StorageApp;
    beforeAll(async () => {
      app = await startAppWith(ENTITIES, { loader: { parallelism: 1 } });
    });
    afterAll(() => app.close());

    it.each([
      ['upsert', 10],
      ['COPY', 200],
    ] as const)('changes no value that %s writes', async (_, batchSize) => {
      const changed: string[] = [];
      let [pairs, refused] = [0, 0];
      for (const [place, from] of SOURCES.entries()) {
        const entity = ENTITIES[place] as Type<object>;
        const table = `casts_${place}`;
        const values = TYPES[from] ?? [];
        const record = (id: number): object => ({ id, v: values[id % values.length] });
        const records = (first: number): object[] =>
          Array.from({ length: batchSize }, (__, index) => record(first + index));
        for (const to of TARGETS.filter((target) => target !== from)) {
          const alter = `ALTER TABLE ${table} ALTER v TYPE ${to}`;
          // Only where Postgres itself would cast an inserted value.
          if ((await failureOf(app.rows(alter))) !== undefined) {
            continue;
          }
          pairs += 1;
          await app.rows(`TRUNCATE ${table}; ALTER TABLE ${table} ALTER v TYPE ${from} USING NULL`);
          async function* altering(): AsyncGenerator<object> {
            yield* records(0);
            await app.rows(alter.replace(/$/, ` USING NULL`));
            yield* records(batchSize);
          }
          const options: LoadOptions = { disposition, batchSize, maxRejects: 1_000 };
          const error = await failureOf(app.loader.loadBatch(entity, altering(), options));
          if (error !== undefined && !(error instanceof SchemaMismatchError)) {
            changed.push(`${from} → ${to}: ${String(error)}`);
          }
          refused += error === undefined ? 0 : 1;
          const stored = await app.rows<{ id: number; v: string }>(
            `SELECT id, v::text AS v FROM ${table} WHERE id >= $1 AND v IS NOT NULL`,
            [batchSize],
          );
          for (const { id, v } of stored) {
            const [{ sent } = { sent: '' }] = await app.rows<{ sent: string }>(`SELECT $1::${from}::text AS sent`, [
              values[id % values.length],
            ]);
            if (v !== sent) {
              changed.push(`${from} → ${to}: ${sent} is stored as ${v}`);
              break;
            }
          }
          await app.rows(`TRUNCATE ${table}; ALTER TABLE ${table} ALTER v TYPE ${from} USING NULL`);
        }
      }
      expect(changed).toEqual([]);
      // As many pairs as Postgres casts in an assignment.
      expect(pairs).toBeGreaterThan(100);
      expect(refused).toBeGreaterThan(0);
    });
  },
);
