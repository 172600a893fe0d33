import { type EntityMetadata, InsertResult, type ObjectLiteral, type Repository } from 'typeorm';

import { type Check, findMistakes } from '../../errors/find-mistakes.js';
import { InvalidLoadError } from '../../errors/index.js';
import type { ColumnMetadata } from '../../postgres/typeorm-adapter.js';
import { propertyOf } from '../../schema/table/entity-column.js';
import type { LoadOptions } from '../model/load-options.js';

// The types of TypeORM's own method, in each of its versions.
/** An entity to upsert, or a list of them. */
export type UpsertEntities<E extends ObjectLiteral> = Parameters<Repository<E>['upsert']>[0];
/** The properties of a unique key, or TypeORM's `UpsertOptions`. */
export type UpsertConflict<E extends ObjectLiteral> = Parameters<Repository<E>['upsert']>[1];

/** The result of an upsert: TypeORM's, with an entry for each entity in input order. */
export interface UpsertResult<E extends ObjectLiteral> extends InsertResult {
  /** The primary key of each row, as an entity that has nothing else. */
  identifiers: E[];
  /** Generated values, defaults and the columns of `returning` of each row, as an entity that has nothing else. */
  generatedMaps: E[];
}

/** What an upsert asks of a load. */
export interface UpsertLoad extends Pick<LoadOptions, 'primaryKey' | 'onReject'> {
  readonly returning: string[];
}

/** What is known of TypeORM's options once they are checked. */
interface CheckedOptions {
  readonly conflictPaths: readonly string[] | object;
  readonly returning?: readonly string[];
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((name) => typeof name === 'string');

/** `overwriteCondition` has a type in TypeORM, but its upsert ignores it. */
const CHECKS: Readonly<Record<string, Check>> = {
  conflictPaths: ['the properties of a unique key', isObject],
  indexPredicate: ['a text', (value) => typeof value === 'string'],
  skipUpdateIfNoValuesChanged: ['true or false', (value) => typeof value === 'boolean'],
  upsertType: ["'on-conflict-do-update', the one of Postgres", (value) => value === 'on-conflict-do-update'],
  returning: ["a list of properties, such as ['id']", isTexts],
};

/**
 * The entities of an upsert as a list.
 * @throws InvalidLoadError when there is none
 */
export function entitiesOf<E extends ObjectLiteral>(entityOrEntities: UpsertEntities<E>): readonly ObjectLiteral[] {
  if (!isObject(entityOrEntities)) {
    throw new InvalidLoadError('upsert takes an entity or an array of entities');
  }
  // A copy: the caller may change the list before their rows are known.
  return Array.isArray(entityOrEntities) ? [...(entityOrEntities as ObjectLiteral[])] : [entityOrEntities];
}

/** The load of an upsert, and its result. */
export class Upsert<E extends ObjectLiteral> {
  readonly options: UpsertLoad;
  /** Columns whose values the result and the entities get. */
  private readonly generated: readonly ColumnMetadata[];

  /** @throws InvalidLoadError when the options ask for what a load does not do */
  constructor(
    private readonly metadata: EntityMetadata,
    conflict: UpsertConflict<E>,
  ) {
    const { conflictPaths, returning = [] } = checkOptions(conflict);
    const keyNames: readonly string[] = Array.isArray(conflictPaths) ? conflictPaths : Object.keys(conflictPaths);
    const columnsAt = (path: string): readonly ColumnMetadata[] => {
      const columns = metadata.findColumnsWithPropertyPath(path);
      const isEmbedded = columns.length === 0;
      return isEmbedded ? metadata.columns.filter((column) => column.propertyPath.startsWith(`${path}.`)) : columns;
    };
    // What is no column here may be the name of an index, or the load names the mistake.
    const nameAll = (path: string, nameOf: (column: ColumnMetadata) => string): readonly string[] => {
      const columns = columnsAt(path);
      return columns.length === 0 ? [path] : columns.map(nameOf);
    };
    this.generated = [...new Set([...metadata.getInsertionReturningColumns(), ...returning.flatMap(columnsAt)])];
    this.options = {
      primaryKey: keyNames.flatMap((path) => nameAll(path, ({ databaseName }) => databaseName)),
      // The whole call fails, as in TypeORM.
      onReject: 'fail',
      returning: [
        ...new Set([
          ...[...metadata.primaryColumns, ...this.generated].map(propertyOf),
          ...returning.flatMap((path) => nameAll(path, propertyOf)),
        ]),
      ],
    };
  }

  /**
   * The result of the load; sets generated values on the entities, too.
   * @param outcomes - what became of each entity, as RowOutcome
   */
  finish(entities: readonly ObjectLiteral[], outcomes: readonly object[]): UpsertResult<E> {
    const { metadata, generated } = this;
    const rows = outcomes.map((outcome) => (outcome as { readonly row?: ObjectLiteral }).row);
    const generatedMaps = rows.map((row, position) => {
      const values: ObjectLiteral = {};
      // A skipped record has no row.
      if (row !== undefined) {
        for (const column of generated) {
          const value: unknown = column.getEntityValue(row);
          column.setEntityValue(values, value);
          column.setEntityValue(entities[position] as ObjectLiteral, value);
        }
      }
      return values as E;
    });
    return Object.assign(new InsertResult(), {
      identifiers: rows.map((row) => (metadata.getEntityIdMap(row) ?? {}) as E),
      generatedMaps,
      raw: rows.map((row) =>
        Object.fromEntries(generated.map((column) => [column.databaseName, row && column.getEntityValue(row)])),
      ),
    });
  }
}

function checkOptions(conflict: unknown): CheckedOptions {
  const options = Array.isArray(conflict) ? { conflictPaths: conflict } : conflict;
  if (!isObject(options)) {
    throw new InvalidLoadError("upsert takes the properties of a unique key, such as ['id'], or TypeORM's options");
  }
  const mistakes = findMistakes({ conflictPaths: null, ...options }, CHECKS, 'no option of an upsert');
  if (mistakes.length > 0) {
    throw new InvalidLoadError(`The options of the upsert are wrong: ${mistakes.join('; ')}`);
  }
  return options as CheckedOptions;
}
