import type { EntityMetadata } from 'typeorm';

import { RejectedRecordEntity } from '../../entities/index.js';
import type { SchemaDifference } from '../../errors/index.js';
import { quoteIdentifier } from '../../postgres/identifiers.js';
import type { ColumnMetadata } from '../../postgres/typeorm-adapter.js';
import type { LiveIndex, LiveTable } from '../table/live-table.js';

/** A key of the entity that the table lacks. */
export interface MissingKey {
  readonly columns: readonly string[];
  readonly difference: SchemaDifference;
}

/** Differences between the primary key, unique keys and indexes of a table and of its entity. */
export function compareKeys(metadata: EntityMetadata, live: LiveTable, quotedTable: string): SchemaDifference[] {
  return [
    ...findMissingKeys(metadata, live, quotedTable).map(({ difference }) => difference),
    ...findExtraKeys(metadata, live, quotedTable),
    ...findMissingIndexes(metadata, live, quotedTable),
  ];
}

function findMissingPrimaryKey(metadata: EntityMetadata, live: LiveTable, quotedTable: string): MissingKey[] {
  const columns = namesOf(metadata.primaryColumns);
  const primary = live.indexes.find(({ isPrimary }) => isPrimary);
  // A missing column is reported separately.
  if (
    isSameSet(columns, primary?.columns) ||
    isPartitionedQuarantine(metadata, live) ||
    !columns.every((name) => live.columns.has(name))
  ) {
    return [];
  }
  const name = metadata.primaryColumns[0]?.primaryKeyConstraintName;
  const constraint = name === undefined ? '' : `CONSTRAINT ${quoteIdentifier(name)} `;
  const drop = primary === undefined ? '' : `DROP CONSTRAINT ${quoteIdentifier(primary.name)}, `;
  return [
    {
      columns,
      difference: {
        table: metadata.tablePath,
        column: columns.join(', '),
        kind: 'primary key',
        expected: 'the primary key',
        actual: primary === undefined ? 'no primary key' : `primary key (${primary.columns.join(', ')})`,
        // Without it, rows cannot be identified.
        breaks: !live.indexes.some((index) => isWhole(index) && isSameSet(columns, index.columns)),
        fix: `ALTER TABLE ${quotedTable} ${drop}ADD ${constraint}PRIMARY KEY (${quoteAll(columns)})`,
      },
    },
  ];
}

/** The key of a partitioned quarantine has the columns of the partition key, too. Its ids are random, so they stay unique. */
function isPartitionedQuarantine({ target, primaryColumns }: EntityMetadata, { kind, indexes }: LiveTable): boolean {
  const key = indexes.find(({ isPrimary }) => isPrimary)?.columns;
  return (
    kind.partitionKey !== null &&
    target === RejectedRecordEntity &&
    namesOf(primaryColumns).every((name) => key?.includes(name))
  );
}

/** The primary key and unique keys of the entity without an index in the table. */
export function findMissingKeys(metadata: EntityMetadata, live: LiveTable, quotedTable: string): MissingKey[] {
  return [...findMissingPrimaryKey(metadata, live, quotedTable), ...findMissingUniqueKeys(metadata, live, quotedTable)];
}

function findMissingUniqueKeys(metadata: EntityMetadata, live: LiveTable, quotedTable: string): MissingKey[] {
  const distributedBy = live.kind.distribution?.column ?? null;
  return uniqueKeysOf(metadata)
    .filter(({ columns }) => columns.every((name) => live.columns.has(name)))
    .filter(({ columns }) => !live.indexes.some((index) => isWhole(index) && isSameSet(columns, index.columns)))
    .map(({ name, columns }) => ({
      columns,
      difference: {
        table: metadata.tablePath,
        column: columns.join(', '),
        kind: 'unique key',
        expected: 'a unique index',
        actual: describePartial(live, columns),
        breaks: false,
        fix:
          distributedBy === null || columns.includes(distributedBy)
            ? `CREATE UNIQUE INDEX ${quoteIdentifier(name)} ON ${quotedTable} (${quoteAll(columns)})`
            : `add ${distributedBy} to the unique key of the entity: Citus has no unique index without the column that a table ` +
              'is distributed by',
      },
    }));
}

function describePartial(live: LiveTable, columns: readonly string[]): string {
  const partial = live.indexes.find((index) => isPartialKey(index) && isSameSet(columns, index.columns));
  return partial === undefined ? 'none' : `the partial index ${partial.name}`;
}

/** They reject rows that the entity accepts. */
function findExtraKeys(metadata: EntityMetadata, live: LiveTable, quotedTable: string): SchemaDifference[] {
  const known = [...uniqueKeysOf(metadata).map(({ columns }) => columns), namesOf(metadata.primaryColumns)];
  const partial = metadata.indices.filter(isPartialIndex).map(({ columns }) => namesOf(columns));
  const names = new Set(metadata.indices.map(({ name }) => name));
  return live.indexes
    .filter((index) => index.isUnique && !index.isPrimary && !names.has(index.name))
    .filter((index) => !known.some((columns) => isSameSet(columns, index.columns)))
    .filter((index) => !(isPartialKey(index) && partial.some((columns) => isSameSet(columns, index.columns))))
    .map((index) => ({
      table: metadata.tablePath,
      column: index.columns.join(', ') || index.name,
      kind: 'unique key',
      expected: 'no unique index',
      actual: `unique index ${index.name}`,
      breaks: false,
      fix: index.isConstraint
        ? `ALTER TABLE ${quotedTable} DROP CONSTRAINT ${quoteIdentifier(index.name)}`
        : `DROP INDEX ${quotedTable.slice(0, quotedTable.indexOf('.') + 1)}${quoteIdentifier(index.name)}`,
    }));
}

function findMissingIndexes(metadata: EntityMetadata, live: LiveTable, quotedTable: string): SchemaDifference[] {
  return metadata.indices
    .filter(({ isUnique, where, synchronize }) => synchronize && (!isUnique || where !== undefined))
    .filter((index) => {
      const columns = namesOf(index.columns);
      // Postgres writes a predicate in its own form, so that nobody here can compare two.
      const isSame = ({ columns: own, predicate, isUnique }: LiveIndex): boolean =>
        own.join() === columns.join() &&
        (index.where === undefined ? predicate === null : predicate !== null && isUnique === index.isUnique);
      const found =
        live.indexes.find(({ name }) => name === index.name) ??
        live.indexes.find((candidate) => candidate.isValid && isSame(candidate));
      return found?.isValid !== true && columns.every((name) => live.columns.has(name));
    })
    .map((index) => {
      const columns = namesOf(index.columns);
      const unique = index.isUnique ? 'UNIQUE ' : '';
      const where = index.where === undefined ? '' : ` WHERE ${index.where}`;
      const invalid = live.indexes.some(({ name }) => name === index.name);
      const name = quoteIdentifier(index.name);
      // Postgres cannot do so for all partitions at once.
      const concurrently = live.kind.partitionKey === null ? 'CONCURRENTLY ' : '';
      return {
        table: metadata.tablePath,
        column: columns.join(', '),
        kind: 'index' as const,
        expected: `index ${index.name}`,
        actual: invalid ? 'an invalid index, because its creation was interrupted' : 'none',
        breaks: false,
        fix: invalid
          ? `REINDEX INDEX CONCURRENTLY ${quotedTable.slice(0, quotedTable.indexOf('.') + 1)}${name}`
          : `CREATE ${unique}INDEX ${concurrently}${name} ON ${quotedTable} (${quoteAll(columns)})${where}`,
      };
    });
}

function uniqueKeysOf(metadata: EntityMetadata): { readonly name: string; readonly columns: readonly string[] }[] {
  return [
    ...metadata.uniques,
    ...metadata.indices.filter(({ isUnique, where }) => isUnique && where === undefined),
  ].map(({ name, columns }) => ({ name, columns: namesOf(columns) }));
}

/** Covers all rows and plain columns, and is valid. */
function isWhole({ isUnique, isValid, predicate, columns }: LiveIndex): boolean {
  return isUnique && isValid && predicate === null && columns.length > 0;
}

function isPartialKey({ isUnique, isValid, predicate }: LiveIndex): boolean {
  return isUnique && isValid && predicate !== null;
}

function isPartialIndex({ isUnique, where }: EntityMetadata['indices'][number]): boolean {
  return isUnique && where !== undefined;
}

function namesOf(columns: readonly ColumnMetadata[]): string[] {
  return columns.map(({ databaseName }) => databaseName);
}

function isSameSet(a: readonly string[], b: readonly string[] | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((name) => b.includes(name));
}

function quoteAll(names: readonly string[]): string {
  return names.map(quoteIdentifier).join(', ');
}
