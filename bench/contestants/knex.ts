import knex from 'knex';

import { type BenchTable, valueNames } from '../report/table.js';
import { chunksOf, rowsAStatement, withJsonText } from './shared/chunks.js';
import { type Session, timed } from './contestant.js';

/** https://knexjs.org/guide/query-builder.html#onconflict; its batchInsert takes no onConflict. */
export async function enterKnex(url: string, table: BenchTable): Promise<Session> {
  const db = knex({ client: 'pg', connection: { connectionString: url }, pool: { min: 0, max: 1 } });
  const toRow = withJsonText(table);
  return {
    prepare: async (records) =>
      timed(() =>
        db.transaction(async (transaction) => {
          for (const chunk of chunksOf(records, rowsAStatement(table))) {
            await transaction(table.name).insert(chunk.map(toRow)).onConflict(table.key).merge(valueNames(table));
          }
        }),
      ),
    close: () => db.destroy(),
  };
}
