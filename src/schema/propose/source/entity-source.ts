import { toLiteral } from './source-text.js';
import type { ColumnShape, PromotedType } from '../alter/column-types.js';

/** Class names of a table. */
export interface EntityTargetNames {
  readonly entity: string;
  /** The record class, if it is not the entity. */
  readonly recordClass: string | undefined;
}

/** TypeScript for the classes of a table. */
export interface EntitySource extends EntityTargetNames {
  /** Properties to add to the entity; may be empty. */
  readonly properties: string;
  /** Properties to add to the record class; empty if there is none. */
  readonly recordProperties: string;
  /** The same columns for an entity you do not own: statements to run before the DataSource is created. */
  readonly statements: string;
}

/** Types as read by TypeORM: bigint and numeric are strings, so no digit is lost. */
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

/** Types accepted in records. */
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

/** Source of the properties of new columns; older versions still in use continue to capture the fields. */
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
