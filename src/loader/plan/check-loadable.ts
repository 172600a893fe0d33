import type { EntityMetadata } from 'typeorm';

import { HYBRID } from '../../entities/load.entity.js';
import { InvalidLoadError } from '../../errors/index.js';

/** Columns and variables of a load's own statements begin so. */
const RESERVED = 'harbor ';

/**
 * @throws InvalidLoadError when TypeORM's own save would do for the entity what a load does not, with the reason and a
 * way out
 */
export function checkLoadable(metadata: EntityMetadata): void {
  const reason = whyNot(metadata);
  if (reason !== undefined) {
    throw new InvalidLoadError(`${metadata.name} cannot be loaded: ${reason}`);
  }
}

function whyNot(metadata: EntityMetadata): string | undefined {
  const { tableName, tableType, inheritancePattern, treeType } = metadata;
  if (tableType === 'view') {
    return 'it is a view, which holds no rows of its own. Load the entities that the view reads';
  }
  if (inheritancePattern !== undefined || tableType === 'entity-child') {
    const column = metadata.discriminatorColumn?.databaseName ?? 'type';
    return (
      `its table ${tableName} holds several entities (@TableInheritance), told apart by the column ${column}, which a ` +
      `load does not write. Load another entity of that table, without @TableInheritance and with ${column} as a column`
    );
  }
  if (tableType !== 'regular') {
    return `TypeORM keeps its table ${tableName} itself, for a relation. Load an entity of that table, with its columns`;
  }
  if (treeType !== undefined && treeType !== 'adjacency-list') {
    return `${treeReason(metadata)}. Use the repository of TypeORM, or load another entity of that table, without @Tree`;
  }
  const reserved = metadata.columns.find(({ databaseName }) => databaseName.startsWith(RESERVED));
  if (reserved !== undefined) {
    return `column names that begin with "${RESERVED}" are reserved for statements of this package. Rename the column "${reserved.databaseName}"`;
  }
  if (tableName === HYBRID) {
    return `the name ${HYBRID} is reserved for loads into both tables of this package. Rename its table`;
  }
  return undefined;
}

function treeReason(metadata: EntityMetadata): string {
  const names = [metadata.materializedPathColumn, metadata.nestedSetLeftColumn, metadata.nestedSetRightColumn]
    .flatMap((column) => (column === undefined ? [] : [column.databaseName]))
    .join(' and ');
  return metadata.treeType === 'closure-table'
    ? `it is a tree of the kind closure-table: TypeORM keeps the ancestors of each row in the table ` +
        `${metadata.closureJunctionTable.tableName}, which a load does not write`
    : `it is a tree of the kind ${metadata.treeType}: TypeORM computes ${names} of each row, which a load does not`;
}
