import pg, { type ClientBase, type Pool } from 'pg';
import {
  DataSource,
  type DataSourceOptions,
  type EntityManager,
  type EntityMetadata,
  type ObjectLiteral,
  type QueryRunner,
  TableColumn,
} from 'typeorm';
import { TableUtils } from 'typeorm/schema-builder/util/TableUtils.js';
import { ApplyValueTransformers } from 'typeorm/util/ApplyValueTransformers.js';

// The only file that uses undocumented parts of TypeORM, which other versions may change. Its test checks each part on a
// real Postgres.

/** A column of an entity. */
export type ColumnMetadata = EntityMetadata['columns'][number];
/** An embedded class of an entity. */
export type EmbeddedMetadata = EntityMetadata['embeddeds'][number];
/** A relation of an entity. */
export type RelationMetadata = EntityMetadata['relations'][number];
/** Options of a DataSource for Postgres. */
export type PostgresDataSourceOptions = Extract<DataSourceOptions, { type: 'postgres' }>;
/** The transformer of a column, or several that are applied in order. */
export type Transformer = NonNullable<ColumnMetadata['transformer']>;
/** A pooled connection, and pg's function that releases it or, with an error, destroys it. */
export type Checkout = [client: ClientBase, release: (error?: Error) => void];

/** The part of TypeORM's PostgresDriver used here: its pool, of the primary where there are replicas. */
interface PooledDriver {
  readonly master: Pool;
  obtainMasterConnection(): Promise<Checkout>;
}

/** What belongs to a DataSource: TypeORM 1 calls it `dataSource`, TypeORM 0.3 `connection`. */
interface OfDataSource {
  readonly dataSource?: DataSource;
  readonly connection?: DataSource;
}

/** The DataSource of an entity or of a query runner. */
export function dataSourceOf(owner: EntityMetadata | QueryRunner): DataSource {
  const { dataSource, connection } = owner as OfDataSource;
  return (dataSource ?? connection) as DataSource;
}

/** Takes a connection from the pool of a DataSource. */
export async function checkout(dataSource: DataSource): Promise<Checkout> {
  return (dataSource.driver as unknown as PooledDriver).obtainMasterConnection();
}

/** Destroys the connections of the pool that nobody uses or waits for. */
export function dropIdle(dataSource: DataSource): void {
  const { master } = dataSource.driver as unknown as PooledDriver;
  // Those who wait come first. A request more than there are idle connections would open one, or take one in use.
  for (let left = master.idleCount - master.waitingCount; left > 0; left -= 1) {
    master.connect((error, _, release) => {
      // With an error, as when the pool has ended, pg passes no function.
      if (!error) {
        release(true);
      }
    });
  }
}

/** The connection of a query runner. */
export async function connectionOf(queryRunner: QueryRunner): Promise<ClientBase> {
  return (await queryRunner.connect()) as ClientBase;
}

/** The connection of the manager's transaction; undefined without a transaction. */
export async function transactionOf({ queryRunner }: EntityManager): Promise<ClientBase | undefined> {
  return queryRunner?.isTransactionActive === true ? connectionOf(queryRunner) : undefined;
}

/** A QueryRunner in the transaction of `client`. */
export function queryRunnerOf(dataSource: DataSource, client: ClientBase): QueryRunner {
  return Object.assign(dataSource.createQueryRunner(), { databaseConnection: client, isTransactionActive: true });
}

/**
 * Lets the transaction of a query runner end only after `beforeEnd`.
 * @returns a function that undoes this
 */
export function beforeTransactionEnds(
  queryRunner: QueryRunner,
  beforeEnd: (how: 'commit' | 'rollback') => Promise<void>,
): () => void {
  const commit = queryRunner.commitTransaction.bind(queryRunner);
  const rollback = queryRunner.rollbackTransaction.bind(queryRunner);
  const { commitTransaction, rollbackTransaction } = queryRunner;
  queryRunner.commitTransaction = () => beforeEnd('commit').then(commit);
  queryRunner.rollbackTransaction = () => beforeEnd('rollback').then(rollback);
  return () => Object.assign(queryRunner, { commitTransaction, rollbackTransaction });
}

/** An EntityManager in the transaction of `client`. */
export function managerOf(dataSource: DataSource, client: ClientBase): EntityManager {
  return queryRunnerOf(dataSource, client).manager;
}

/** The options of a DataSource for Postgres. */
export function optionsOf({ options }: DataSource): PostgresDataSourceOptions {
  return options as PostgresDataSourceOptions;
}

/** Default schema, as read by TypeORM when it connected; undefined where the search_path names none. */
export function schemaOfConnection({ driver }: DataSource): string | undefined {
  return driver.schema ?? undefined;
}

/** Name of the database, as read by TypeORM when it connected. */
export function databaseOfConnection({ driver }: DataSource): string | undefined {
  return driver.database;
}

/** What TypeORM itself would store of a value, by the transformer of its column. */
export function transformTo(transformer: Transformer, value: unknown): unknown {
  return ApplyValueTransformers.transformTo(transformer, value);
}

/** Puts a value that pg has read into an object, as TypeORM does when it reads an entity; a reference is an object with its key. */
export function putHydrated(column: ColumnMetadata, entity: ObjectLiteral, value: unknown): void {
  const hydrated: unknown = dataSourceOf(column.entityMetadata).driver.prepareHydratedValue(value, column);
  if (column.isVirtual && hydrated === null) {
    // TypeORM makes no object for a reference that is null.
    entity[column.propertyName] = null;
  } else if (!column.isVirtual || entity[column.propertyName] !== null) {
    column.setEntityValue(entity, hydrated);
  }
}

/** The type TypeORM gives a column when it makes the table: `character varying(20)`, `text array`. */
export function fullTypeOf(column: ColumnMetadata): string {
  const { driver } = dataSourceOf(column.entityMetadata);
  return driver.createFullType(new TableColumn(TableUtils.createTableColumnOptions(column, driver)));
}

/** The type of a column without length, precision and array: `character varying`. */
export function baseTypeOf(column: ColumnMetadata): string {
  return dataSourceOf(column.entityMetadata).driver.normalizeType(column);
}

/** The default TypeORM gives a column, as SQL; undefined where it gives none. */
export function defaultOf(column: ColumnMetadata): string | undefined {
  return dataSourceOf(column.entityMetadata).driver.normalizeDefault(column) ?? undefined;
}

/** The metadata of entities, without a connection. */
export async function metadatasOf(entities: PostgresDataSourceOptions['entities']): Promise<EntityMetadata[]> {
  const dataSource = new DataSource({ type: 'postgres', driver: pg, entities });
  await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  return dataSource.entityMetadatas;
}
