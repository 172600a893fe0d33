import { inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Column, Entity, type MigrationInterface, PrimaryColumn, type QueryRunner } from 'typeorm';

import { startAppWith } from '../../support/entities/own-entities.js';
import type { StorageApp } from '../../support/app/storage-app.js';
import { type KindCases, TYPEORM_KINDS } from '../../support/types/typeorm-kinds.js';

interface KindTable extends KindCases {
  readonly table: string;
  readonly entity: new () => object;
}

function tableOf(cases: KindCases, index: number): KindTable {
  const table = `kind_${index}`;
  class Row {}
  Object.defineProperty(Row, 'name', { value: `Kind${index}` });
  Entity(table)(Row);
  PrimaryColumn('integer')(Row.prototype, 'id');
  Column(cases.options)(Row.prototype, 'v');
  return { ...cases, table, entity: Row };
}

class CreateExtensions1700000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const name of ['citext', 'hstore', 'cube', 'ltree']) {
      await queryRunner.query(`CREATE EXTENSION ${name}`);
    }
  }

  async down(): Promise<void> {}
}

const TABLES = TYPEORM_KINDS.map(tableOf);
/** Extensions and other servers' types: geometry and vector are not part of Postgres. */
const NOT_HERE: ReadonlySet<string> = new Set(['geometry', 'geography', 'vector', 'halfvec']);

describe("every column type of TypeORM's driver", () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith(
      TABLES.map(({ entity }) => entity),
      { migrations: [CreateExtensions1700000000000] },
    );
  });
  afterAll(() => app.close());

  const textsOf = async (table: string) => {
    const rows = await app.rows<{ id: number; v: string | null }>(`SELECT id, v::text FROM ${table}`);
    return new Map(rows.map(({ id, v }) => [id, v]));
  };

  it('is in the table', () => {
    const { supportedDataTypes } = app.dataSource.driver;
    const covered = new Set(TYPEORM_KINDS.map(({ options }) => String(options.type)));
    expect(supportedDataTypes.filter((type) => !covered.has(String(type)) && !NOT_HERE.has(String(type)))).toEqual([]);
  });

  it('stores what save stores, reads it as save would, and loads again what find gave', async () => {
    const wrong: string[] = [];
    for (const { table, entity, options, same, onlyLoaded = [] } of TABLES) {
      const note = (value: unknown, text: string) => wrong.push(`${String(options.type)} ${inspect(value)}: ${text}`);
      const repository = app.dataSource.getRepository(entity);
      for (const [index, v] of same.entries()) {
        await repository.save({ id: 1000 + index, v } as object);
      }
      const records = [...same, ...onlyLoaded].map((v, id) => ({ id, v }));
      const result = await app.loader.load(entity, records);
      result.rejects.forEach(({ position, reason }) => note(records[position ?? -1]?.v, `rejected: ${String(reason)}`));
      const texts = await textsOf(table);
      same.forEach((v, id) => {
        if (texts.get(id) !== texts.get(1000 + id)) note(v, `${texts.get(id)} loaded, ${texts.get(1000 + id)} saved`);
      });
      const again = await app.loader.load(entity, await repository.find());
      again.rejects.forEach(({ position }) => note(position, 'what find gave was rejected'));
      if (again.unchanged !== again.received) note(again, 'what find gave changed a row');
    }
    expect(wrong).toEqual([]);
  });

  it('rejects what TypeORM or Postgres would lose', async () => {
    const wrong: string[] = [];
    for (const { entity, options, lost = [] } of TABLES) {
      const records = lost.map((v, id) => ({ id: 2000 + id, v }));
      const result = await app.loader.load(entity, [...records, { id: 3000 }]);
      const rejected = new Set(result.rejects.map(({ position }) => position));
      lost.forEach((v, id) => rejected.has(id) || wrong.push(`${String(options.type)} ${inspect(v)} was stored`));
    }
    expect(wrong).toEqual([]);
  });
});
