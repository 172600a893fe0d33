import { Kysely, PostgresDialect } from 'kysely';

import { type BenchTable, valueNames } from '../report/table.js';
import { chunksOf, rowsAStatement, withJsonText } from './shared/chunks.js';
import { type Session, timed } from './contestant.js';
import { createPool } from './shared/pool.js';

type AnyTables = Record<string, Record<string, unknown>>;

/** https://kysely-org.github.io/kysely-apidoc/classes/InsertQueryBuilder.html#onConflict */
export async function enterKysely(url: string, table: BenchTable): Promise<Session> {
  const db = new Kysely<AnyTables>({ dialect: new PostgresDialect({ pool: createPool(url, 1) }) });
  const toRow = withJsonText(table);
  return {
    prepare: async (records) =>
      timed(() =>
        db.transaction().execute(async (transaction) => {
          for (const chunk of chunksOf(records, rowsAStatement(table))) {
            await transaction
              .insertInto(table.name)
              .values(chunk.map(toRow))
              .onConflict((conflict) =>
                conflict
                  .column(table.key)
                  .doUpdateSet((builder) =>
                    Object.fromEntries(valueNames(table).map((name) => [name, builder.ref(`excluded.${name}`)])),
                  ),
              )
              .execute();
          }
        }),
      ),
    close: () => db.destroy(),
  };
}
