import { escapeLiteral } from 'pg';
import type { DataSource } from 'typeorm';

import { enrichmentEntities } from '../../entities/enrichment/index.js';
import { HYBRID_ENTITIES, ledgerEntities } from '../../entities/index.js';
import { StorageError } from '../../errors/index.js';
import { quotedTableOf } from '../../postgres/data-source.js';
import { describeDistribution, type Distribution, isKeptAs, readDistributions } from '../table/distribution.js';
import { withMigrationLock } from './migration-lock.js';

/** The first version of Citus that has tables of a single shard. */
const CITUS_MAJOR = 12;

/** Tables whose shards belong together. */
interface Group {
  /** Quoted, with their schemas. */
  readonly tables: readonly string[];
  /** The column that tells the shard of a row; null for tables of a single shard. */
  readonly column: string | null;
}

/** A query runner, or a DataSource. */
interface Connection {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
}

/** What there is of the tables of this package. */
interface FoundTables {
  /** Quoted names of those that exist. */
  readonly existing: readonly string[];
  readonly distributions: ReadonlyMap<string, Distribution>;
}

/**
 * Distributes the tables of this package that exist and that Citus does not keep yet, with their rows: those of records by
 * their key, and together; those of the history and of the quarantine as tables of a single shard. Reference tables would
 * deadlock. The table of migrations stays on the coordinator.
 * @throws StorageError `CITUS_MISSING`, or `DISTRIBUTED_OTHERWISE`; nothing is changed then
 */
export async function distributeTables(dataSource: DataSource): Promise<void> {
  await withMigrationLock(dataSource, async (queryRunner) => {
    await requireCitus(queryRunner);
    const found = await readTables(queryRunner, dataSource);
    rejectOthers(dataSource, found);
    for (const group of groupsOf(dataSource)) {
      await distribute(queryRunner, group, found, found.existing);
    }
  });
}

/**
 * Distributes tables that were created beside others of their group, which are distributed already.
 * @param former - quoted names of the tables that were there before
 */
export async function distributeNewTables(dataSource: DataSource, former: ReadonlySet<string>): Promise<void> {
  await withMigrationLock(dataSource, async (queryRunner) => {
    const found = await readTables(queryRunner, dataSource);
    const created = found.existing.filter((table) => !former.has(table));
    for (const group of groupsOf(dataSource)) {
      if (leaderOf(group, found) !== undefined) {
        await distribute(queryRunner, group, found, created);
      }
    }
  });
}

/** Quoted names of the tables of this package that exist; undefined where nothing can be distributed. */
export async function findTablesOnCitus(dataSource: DataSource): Promise<ReadonlySet<string> | undefined> {
  return (await hasCitus(dataSource)) ? new Set((await readTables(dataSource, dataSource)).existing) : undefined;
}

/**
 * Quoted names of the tables of this package that exist, and that only the coordinator has.
 * @throws StorageError `DISTRIBUTED_OTHERWISE` naming tables that Citus keeps in another way, with the fix
 */
export async function findUndistributed(dataSource: DataSource): Promise<readonly string[]> {
  if (!(await hasCitus(dataSource))) {
    return namesOf(dataSource);
  }
  const found = await readTables(dataSource, dataSource);
  rejectOthers(dataSource, found);
  return found.existing.filter((name) => !found.distributions.has(name));
}

/** @throws StorageError `CITUS_MISSING` */
export async function requireCitus(connection: Connection): Promise<void> {
  const [found] = (await connection.query(
    "SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus'",
  )) as {
    readonly extversion: string;
  }[];
  if (found === undefined || Number.parseInt(found.extversion, 10) < CITUS_MAJOR) {
    const actual = found === undefined ? 'the database does not have it' : `the database has ${found.extversion}`;
    throw new StorageError(
      'CITUS_MISSING',
      `Distributed tables need the extension Citus, version ${CITUS_MAJOR} or later: ${actual}. To fix: CREATE EXTENSION citus in ` +
        'this database on every server, and SELECT citus_add_node(host, port) here for each worker; or leave out --distributed (distributed: true)',
    );
  }
}

/** Distributes those of the chosen tables of a group that are not distributed. */
async function distribute(
  connection: Connection,
  group: Group,
  found: FoundTables,
  chosen: readonly string[],
): Promise<void> {
  let beside = leaderOf(group, found) ?? 'none';
  for (const table of group.tables.filter((name) => chosen.includes(name) && !found.distributions.has(name))) {
    await connection.query('SELECT create_distributed_table($1::regclass, $2, colocate_with => $3)', [
      table,
      group.column,
      beside,
    ]);
    // The rows were copied to the shards; the former ones are out of sight.
    await connection.query('SELECT truncate_local_data_after_distributing_table($1::regclass)', [table]);
    beside = beside === 'none' ? table : beside;
  }
}

/** A table of the group that is kept as all of them have to be. */
function leaderOf({ tables, column }: Group, { distributions }: FoundTables): string | undefined {
  return tables.find((table) => isKeptAs(distributions.get(table), column));
}

function groupsOf(dataSource: DataSource): readonly Group[] {
  const quoted = (entities: readonly (new () => object)[]): string[] =>
    entities.filter((entity) => dataSource.hasMetadata(entity)).map((entity) => quotedTableOf(dataSource, entity));
  return [
    { tables: quoted(ledgerEntities), column: null },
    { tables: quoted([...HYBRID_ENTITIES, ...enrichmentEntities]), column: 'submission_id' },
  ];
}

function namesOf(dataSource: DataSource): string[] {
  return groupsOf(dataSource).flatMap(({ tables }) => tables);
}

async function hasCitus(connection: Connection): Promise<boolean> {
  const [found] = (await connection.query(
    `SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL AS "hasCitus"`,
  )) as { readonly hasCitus: boolean }[];
  return found?.hasCitus === true;
}

async function readTables(connection: Connection, dataSource: DataSource): Promise<FoundTables> {
  const run = async (sql: string, parameters: unknown[]): Promise<unknown[]> =>
    (await connection.query(sql, parameters)) as unknown[];
  const names = namesOf(dataSource);
  const rows = await run('SELECT name FROM unnest($1::text[]) AS wanted (name) WHERE to_regclass(name) IS NOT NULL', [
    names,
  ]);
  return {
    existing: (rows as { readonly name: string }[]).map(({ name }) => name),
    distributions: await readDistributions(run, names),
  };
}

/** @throws StorageError `DISTRIBUTED_OTHERWISE` */
function rejectOthers(dataSource: DataSource, found: FoundTables): void {
  const others = groupsOf(dataSource).flatMap((group) => {
    const { distributions } = found;
    const leader = leaderOf(group, found) ?? '';
    const wanted = group.column === null ? 'a single-shard table' : `distributed by ${group.column}`;
    return group.tables.flatMap((table) => {
      const kept = distributions.get(table);
      const isRight = isKeptAs(kept, group.column) && kept?.colocation === distributions.get(leader)?.colocation;
      return kept === undefined || isRight
        ? []
        : [
            `${table} is ${describeDistribution(kept)}, and has to be ${wanted} beside the others. To fix: ` +
              `SELECT undistribute_table(${escapeLiteral(table)}), then distribute again`,
          ];
    });
  });
  if (others.length > 0) {
    throw new StorageError('DISTRIBUTED_OTHERWISE', `Citus keeps tables in another way: ${others.join('; ')}`);
  }
}
