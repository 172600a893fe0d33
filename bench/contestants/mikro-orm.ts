import { EntitySchema, MikroORM } from '@mikro-orm/postgresql';

import type { BenchTable } from '../report/table.js';
import { rowsAStatement } from './shared/chunks.js';
import { type Session, timed } from './contestant.js';

type Row = Record<string, unknown>;

/** MikroORM's names of the types that are not read as texts. */
const TYPES: Readonly<Record<string, string>> = {
  jsonb: 'json',
  boolean: 'boolean',
  'double precision': 'double',
  bigint: 'integer',
};

/** https://mikro-orm.io/docs/entity-manager#upserting-entities; `batchSize` is an option of its own. */
export async function enterMikroOrm(url: string, table: BenchTable): Promise<Session> {
  const entity = entityOf(table);
  const orm = await MikroORM.init({ clientUrl: url, entities: [entity], pool: { min: 0, max: 1 } });
  return {
    prepare: async (records) => {
      // upsertMany modifies its input.
      const rows = records.map((record) => ({ ...record }));
      return timed(() =>
        orm.em.fork().transactional((manager) =>
          manager.upsertMany(entity, rows, {
            onConflictFields: [table.key],
            onConflictAction: 'merge',
            batchSize: rowsAStatement(table),
            disableIdentityMap: true,
          }),
        ),
      );
    },
    close: () => orm.close(),
  };
}

function entityOf({ name, key, columns }: BenchTable): EntitySchema<Row> {
  return new EntitySchema<Row>({
    name,
    tableName: name,
    properties: Object.fromEntries(
      columns.map((column) => [
        column.name,
        {
          type: TYPES[column.type] ?? 'string',
          fieldName: column.name,
          columnType: column.type,
          nullable: column.name !== key,
          primary: column.name === key,
        },
      ]),
    ),
  });
}
