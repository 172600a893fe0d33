import { toLiteral } from './source-text.js';
import type { ColumnShape, PromotedType } from '../alter/column-types.js';

/** The classes of a table, by their names. */
export interface EntityTargetNames {
  readonly entity: string;
  /** The class records are described by, where that is not the entity. */
  readonly recordClass: string | undefined;
}

/** TypeScript for the classes of a table. */
export interface EntitySource extends EntityTargetNames {
  /** Properties to add to the entity; empty when there is nothing to add. */
  readonly properties: string;
  /** Properties to add to the class of its records; empty when it has none. */
  readonly recordProperties: string;
  /** The same columns for an entity that is not yours to edit: statements to run before the DataSource is made. */
  readonly statements: string;
}

/** Types as TypeORM reads them: bigint and numeric as strings, so that no digit is lost. */
const READ_AS: Readonly<Record<PromotedType, string>> = {
  boolean: 'boolean | null',
  bigint: 'string | null',
  'double precision': 'number | null',
  numeric: 'string | null',
  timestamptz: 'Date | null',
  uuid: 'string | null',
  text: 'string | null',
  jsonb: 'unknown',
};

/** Types a record may bring. */
const COMES_AS: Readonly<Record<PromotedType, string>> = {
  ...READ_AS,
  bigint: 'number | bigint | null',
  numeric: 'number | string | null',
  timestamptz: 'Date | string | null',
};

interface Property extends ColumnShape {
  readonly column: string;
  readonly property: string;
}

/** Writes the properties of new columns; older versions, which are still at work, go on capturing the fields. */
export function entitySource(names: EntityTargetNames, columns: readonly Property[]): EntitySource {
  const { entity, recordClass } = names;
  const decorator = ({ column, type }: Property): string =>
    `Column({ name: ${toLiteral(column)}, type: ${toLiteral(type)}, nullable: true })`;
  const blocks = columns.map(
    (column) => `  @CapturedBefore()\n  @${decorator(column)}\n  ${column.property}!: ${READ_AS[column.type]};\n`,
  );
  const optional = columns.map(({ property, type }) => `  ${property}?: ${COMES_AS[type]};\n`);
  const statements = columns.map((column) => {
    const property = `(${entity}.prototype, ${toLiteral(column.property)});\n`;
    return `CapturedBefore()${property}${decorator(column)}${property}`;
  });
  return {
    entity,
    recordClass,
    properties: blocks.join('\n'),
    recordProperties: recordClass === undefined ? '' : optional.join('\n'),
    statements: statements.join(''),
  };
}
