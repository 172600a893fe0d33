import { showChunks } from './shared/chunks.js';
import type { Contestant, Session } from './contestant.js';
import type { BenchTable } from '../report/table.js';

type Enter = (url: string, table: BenchTable) => Promise<Session>;

/** Multi-row upserts by the query builders and MikroORM of bench/package.json, imported only if installed. */
export const queryBuilders: readonly Contestant[] = [
  queryBuilder('kysely', 'kysely', async () => (await import('./kysely.js')).enterKysely),
  queryBuilder('knex', 'knex', async () => (await import('./knex.js')).enterKnex),
  slow(queryBuilder('drizzle', 'drizzle-orm', async () => (await import('./drizzle.js')).enterDrizzle)),
  slow(queryBuilder('mikro-orm', '@mikro-orm/postgresql', async () => (await import('./mikro-orm.js')).enterMikroOrm)),
];

function slow(contestant: Contestant): Contestant {
  return { ...contestant, isSlow: true, maxRows: 10_000 };
}

function queryBuilder(name: string, packageName: string, load: () => Promise<Enter>): Contestant {
  return {
    name,
    how: showChunks,
    maxRows: 50_000,
    async unavailable() {
      try {
        import.meta.resolve(packageName);
        return undefined;
      } catch {
        return `${packageName} is not installed (npm ci --prefix bench)`;
      }
    },
    enter: async ({ url, table }) => (await load())(url, table),
  };
}
