import type { UnknownFields } from '../../entities/index.js';
import type { MissingKey } from '../../schema/compare/compare-keys.js';
import type { LiveColumn, LiveTable } from '../../schema/table/live-table.js';

/** A column that records can fill. */
export interface PlanColumn {
  /** Place in a row's values. */
  readonly index: number;
  readonly name: string;
  readonly quoted: string;
  /** Property of the entity; where it stands in another one the path, which is no name of a record's field. */
  readonly property: string;
  /** What the text of a value is cast to. */
  readonly type: string;
  /** The same with its modifier, `numeric(10,2)`: a value cast to it is as the column stores it. */
  readonly fullType: string;
  /** The same with its collation: what another column of the kind is declared as. */
  readonly declaredType: string;
  /** The text of a value; null where a transformer says so. */
  readonly convert: (value: unknown, textual: boolean) => string | null;
  /** It wants to see nulls as well, and the column holds something else than records say. */
  readonly hasTransformer: boolean;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  /** The default as SQL; undefined for an identity. */
  readonly defaultExpression: string | undefined;
  readonly preserved: boolean;
  readonly skipWhenAbsent: boolean;
  /** Every name the column may come in under. */
  readonly names: readonly string[];
  /** Fallback fields, in both forms of each name. */
  readonly aliases: readonly string[];
  readonly fillsFrom: readonly string[];
  /** IS DISTINCT FROM would miss a change, or has no operator for the type: compare the text. */
  readonly compareAsText: boolean;
  /** Two texts may be one value to Postgres, as 1 and 1.0 are: as a key, only Postgres can tell. */
  readonly looseAsKey: boolean;
  /** Collation to compare keys by, where it makes different texts equal. */
  readonly collation: string | undefined;
  /** Names under which older versions captured its field into the extra column. */
  readonly capturedAs: readonly string[];
  /** `@Column({ update: false })`: set when the row is inserted, and never after. */
  readonly updatable: boolean;
  /** Made once, with the row (created_at, an id of the database's): kept by a replace that does not bring it. */
  readonly madeOnce: boolean;
}

/** What a record's key may stand for. */
export type Field =
  | { readonly kind: 'column'; readonly column: PlanColumn }
  | { readonly kind: 'fallback' }
  | { readonly kind: 'extra' }
  | EmbeddedField
  /** The loader writes it itself; what a record says of it, for example one that was read before, is passed over. */
  | { readonly kind: 'owned' }
  | { readonly kind: 'read-only'; readonly name: string };

/** An embedded class; its columns are also taken by their own names. */
export interface EmbeddedField {
  readonly kind: 'embedded';
  readonly fields: ReadonlyMap<string, EmbeddedField | { readonly kind: 'column'; readonly column: PlanColumn }>;
}

/** A rule that does not hold. */
export interface FailedCheck {
  readonly constraint: string;
  readonly property: string;
}

/** Runs the class-validator rules of a record class on the fields a record carries; undefined when all hold. */
export type RecordCheck = (values: Readonly<Record<string, unknown>>) => FailedCheck | undefined;

/** Everything a load must know of an entity, worked out once. */
export interface LoadPlan {
  readonly entityName: string;
  readonly table: string;
  /** Schema the entity names; undefined where it leaves that to its DataSource. */
  readonly schema: string | undefined;
  readonly quotedTable: string;
  readonly columns: readonly PlanColumn[];
  /** Columns that need a look of their own in every record. */
  readonly skipColumns: readonly PlanColumn[];
  readonly aliasedColumns: readonly PlanColumn[];
  readonly filledColumns: readonly PlanColumn[];
  readonly nullSensitiveColumns: readonly PlanColumn[];
  /** What the values of a row begin as. */
  readonly emptyValues: readonly undefined[];
  readonly primaryKey: readonly PlanColumn[];
  /** Every unique key ON CONFLICT can use. */
  readonly uniqueKeys: readonly (readonly PlanColumn[])[];
  /** Keys of the entity that the live table lacks: nothing can be merged by one. */
  readonly missingKeys: readonly MissingKey[];
  readonly fields: ReadonlyMap<string, Field>;
  readonly newerBy: PlanColumn | undefined;
  /** The entity's own policy for fields no column knows. */
  readonly unknownFields: UnknownFields | undefined;
  /** Quoted names of the columns the loader itself writes; undefined where the entity has none. */
  readonly extra: string | undefined;
  /** The extra column's name as people write it. */
  readonly extraName: string | undefined;
  /** What it is inserted with in a row that captures nothing, as SQL; undefined where that is null. */
  readonly extraDefault: string | undefined;
  readonly extraNotNull: boolean;
  readonly loadId: string | undefined;
  readonly updatedAt: string | undefined;
  readonly version: string | undefined;
  /** The extra column as the live table has it. */
  readonly liveExtra: LiveColumn | undefined;
  /** The live table. */
  readonly live: LiveTable;
  /** Some constraint would be looked at only at COMMIT, when it is too late to find the row. */
  readonly hasDeferredConstraints: boolean;
  readonly check: RecordCheck | undefined;
  readonly checkedColumns: readonly PlanColumn[];
}
