import type { EntityManager, EntitySchema } from 'typeorm';

import type { BenchTable } from '../report/table.js';
import { chunksOf, rowsAStatement, showChunks } from './shared/chunks.js';
import { alwaysAvailable, type Contestant, timed } from './contestant.js';
import { connectTypeOrm, entityOf } from './shared/typeorm-table.js';

type Row = Record<string, unknown>;
type Write = (manager: EntityManager, entity: EntitySchema<Row>, rows: Row[], table: BenchTable) => Promise<void>;

/** `repository.upsert`, which does not split its input. */
export const typeormUpsert = typeormContestant('typeorm-upsert', showChunks, 50_000, upsertInChunks);

/** `repository.save` with its option `chunk`: https://typeorm.io/docs/working-with-entity-manager/repository-api */
export const typeormSave: Contestant = {
  ...typeormContestant('typeorm-save', showChunks, 5_000, async (manager, entity, rows, table) => {
    await manager.getRepository(entity).save(rows, { chunk: rowsAStatement(table) });
  }),
  isSlow: true,
};

/** One `upsert` per set of columns: in a call with mixed rows it would write DEFAULT for absent values. */
export const typeormByShape = typeormContestant(
  'typeorm-by-shape',
  () => 'upsert, one for each set of columns, one transaction',
  5_000,
  async (manager, entity, rows, table) => {
    const shapes = new Map<string, Row[]>();
    for (const row of rows) {
      const shape = Object.keys(row).join();
      const group = shapes.get(shape);
      if (group === undefined) {
        shapes.set(shape, [row]);
      } else {
        group.push(row);
      }
    }
    for (const group of shapes.values()) {
      await upsertInChunks(manager, entity, group, table);
    }
  },
);

async function upsertInChunks(
  manager: EntityManager,
  entity: EntitySchema<Row>,
  rows: readonly Row[],
  table: BenchTable,
): Promise<void> {
  const repository = manager.getRepository(entity);
  for (const chunk of chunksOf(rows, rowsAStatement(table))) {
    await repository.upsert(chunk, { conflictPaths: [table.key], skipUpdateIfNoValuesChanged: false });
  }
}

function typeormContestant(name: string, how: Contestant['how'], maxRows: number, write: Write): Contestant {
  return {
    name,
    how,
    maxRows,
    unavailable: alwaysAvailable,
    async enter({ url, table }) {
      const entity = entityOf(table);
      const dataSource = await connectTypeOrm(url, [entity]);
      return {
        async prepare(records) {
          // save modifies its input.
          const rows = records.map((record) => ({ ...record }));
          return timed(() => dataSource.transaction((manager) => write(manager, entity, rows, table)));
        },
        close: () => dataSource.destroy(),
      };
    },
  };
}
