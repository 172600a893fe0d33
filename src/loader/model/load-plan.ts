import type { UnknownFields } from '../../entities/index.js';
import type { MissingKey } from '../../schema/compare/compare-keys.js';
import type { LiveColumn, LiveTable } from '../../schema/table/live-table.js';
import type { KeyForms } from '../values/canonical-key.js';

/** A column that records can fill. */
export interface PlanColumn {
  /** Place in a row's values. */
  readonly index: number;
  readonly name: string;
  readonly quoted: string;
  /** Property of the entity, or its path in an embedded class, which is no field name of a record. */
  readonly property: string;
  /** The type that the text of a value is cast to. */
  readonly type: string;
  /** The same with its modifier, `numeric(10,2)`: a value cast to it is as the column stores it. */
  readonly fullType: string;
  /** The same with its collation, as in a column definition. */
  readonly declaredType: string;
  /** Converts a value to its text; null where a transformer returns null. */
  readonly convert: (value: unknown, textual: boolean) => string | null;
  readonly jsonForm: JsonForm;
  /** The transformer sees nulls, too, and its result differs from the value of the record. */
  readonly hasTransformer: boolean;
  /** Its values are any text, which reaches the row as it is. */
  readonly takesText: boolean;
  /** Its values are JSON, and nothing but the text of a value reaches the row. */
  readonly takesJson: boolean;
  /** COPY may have to escape its text. */
  readonly mayNeedEscape: boolean;
  /** Whether an empty text is a value; of a csv file it is none otherwise. */
  readonly takesEmptyText: boolean;
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
  /** Keeps microseconds, of which a Date has only the milliseconds; see `values/date-time-text.ts`. */
  readonly marksDates: boolean;
  /** Names under which older versions captured its field into the extra column. */
  readonly capturedAs: readonly string[];
  /** `@Column({ update: false })`: set when the row is inserted, and never after. */
  readonly updatable: boolean;
  /** Made once, with the row (created_at, a generated id): a replace keeps it unless records carry it. */
  readonly madeOnce: boolean;
  /** GENERATED ALWAYS AS IDENTITY: records bring it only as the key of a load, and an insert must say that it overrides. */
  readonly alwaysGenerated: boolean;
}

/**
 * What a column takes of a JSON file. `nearest`: a fraction as the nearest double. `digits`: of a number all digits.
 * `text`: so, and the text of an object or array. `exact`: a value with no number altered.
 */
export type JsonForm = 'nearest' | 'digits' | 'text' | 'exact';

/** What of a column decides how a value is taken from its owner. */
export type TakenColumn = Pick<PlanColumn, 'takesJson'>;

/** A column as the table stores it, whether records can fill it or not. */
export interface StoredColumn {
  readonly name: string;
  readonly quoted: string;
  /** As in {@link PlanColumn}. */
  readonly property: string;
  /** As in a column definition. */
  readonly declaredType: string;
  /** Puts a value that pg has read into an object, as it is in an entity that TypeORM has read. */
  readonly put: (entity: Record<string, unknown>, value: unknown) => void;
}

/** A column of a key, with how the key's unique index compares it. */
export interface KeyColumn extends PlanColumn, KeyForms {
  /** ` COLLATE …`, where the index compares in another way than the column; else empty. */
  readonly collate: string;
  /** The operator of equality, as SQL. */
  readonly equals: string;
  /** Null is a value of the key (NULLS NOT DISTINCT). */
  readonly nullIsKey: boolean;
}

/** A unique index as the key of a load. */
export interface UniqueKey {
  /** Name of the index. */
  readonly name: string;
  readonly columns: readonly KeyColumn[];
  /** It compares as its columns do. */
  readonly isOwnCollation: boolean;
  /** Which rows a partial index holds; undefined for all. */
  readonly predicate: KeyPredicate | undefined;
}

/** Which rows a partial index holds. */
export interface KeyPredicate {
  /** The condition, with names of columns that are not qualified. */
  readonly sql: string;
  /** The columns in it, and maybe others. */
  readonly columns: readonly PlanColumn[];
}

/** A unique index that cannot be the key of a load. */
export interface UnusableKey {
  readonly name: string;
  /** What it is on, as SQL. */
  readonly definition: string;
  readonly columns: readonly string[];
  /** Why, and what to do. */
  readonly reason: string;
}

/** What a record's key may stand for; `C` is what is known of a column. */
export type Field<C = PlanColumn> =
  | ColumnField<C>
  | { readonly kind: 'fallback' }
  | { readonly kind: 'extra' }
  | EmbeddedField<C>
  | RelationField<C>
  /** Tells whether the record deletes its row, and is no column. */
  | { readonly kind: 'deletion' }
  /**
   * The loader, the database or another table's rows hold it. What a record says, for example one that was read from the
   * table, is ignored.
   */
  | { readonly kind: 'ignored' };

/** A column that records can fill. */
export interface ColumnField<C = PlanColumn> {
  readonly kind: 'column';
  readonly column: C;
}

/** An embedded class; records may also carry its columns by their own names. */
export interface EmbeddedField<C = PlanColumn> {
  readonly kind: 'embedded';
  readonly fields: ReadonlyMap<string, Field<C>>;
}

/** A reference to another row: its key, or an object that holds the key. */
export interface RelationField<C = PlanColumn> {
  readonly kind: 'relation';
  /** The columns of the foreign key. */
  readonly columns: readonly C[];
  /** Where the object holds the value of each column. */
  readonly members: ReadonlyMap<string, RelationField<C> | ColumnField<C>>;
  /** Null says nothing. */
  readonly passesNull: boolean;
}

/** A rule that a record breaks. */
export interface FailedCheck {
  readonly constraint: string;
  readonly property: string;
  /** Without a value of the record. */
  readonly message: string;
}

/** Runs the class-validator rules of a record class on the fields a record carries; returns the first broken rule. */
export type RecordCheck = (values: Readonly<Record<string, unknown>>) => FailedCheck | undefined;

/** Everything a load must know of an entity and its live table. */
export interface LoadPlan {
  readonly entityName: string;
  readonly table: string;
  /** Schema the entity names; undefined where it leaves that to its DataSource. */
  readonly schema: string | undefined;
  readonly quotedTable: string;
  readonly columns: readonly PlanColumn[];
  /** All columns of the entity. */
  readonly storedColumns: readonly StoredColumn[];
  /** Columns that need special treatment in every record. */
  readonly skipColumns: readonly PlanColumn[];
  readonly aliasedColumns: readonly PlanColumn[];
  readonly filledColumns: readonly PlanColumn[];
  readonly nullSensitiveColumns: readonly PlanColumn[];
  /** The values of a row at its start. */
  readonly emptyValues: readonly undefined[];
  readonly primaryKey: readonly KeyColumn[];
  /** Every unique index that can be the key of a load. */
  readonly uniqueKeys: readonly UniqueKey[];
  /** The other ones. */
  readonly unusableKeys: readonly UnusableKey[];
  /** Keys of the entity that the live table lacks. */
  readonly missingKeys: readonly MissingKey[];
  readonly fields: ReadonlyMap<string, Field>;
  readonly newerBy: PlanColumn | undefined;
  /** The entity's own policy for fields without a column. */
  readonly unknownFields: UnknownFields | undefined;
  /** Quoted names of the columns the loader itself writes; undefined where the entity has none. */
  readonly extra: string | undefined;
  /** The name of the extra column, not quoted. */
  readonly extraName: string | undefined;
  /** Its default as SQL; undefined where there is none. */
  readonly extraDefault: string | undefined;
  readonly extraNotNull: boolean;
  /** A load may change it in stored rows. */
  readonly extraUpdatable: boolean;
  readonly loadId: string | undefined;
  readonly updatedAt: string | undefined;
  readonly version: string | undefined;
  /** A column that an update sets to true; only of a mirror, see `distributed/mirror-table.ts`. */
  readonly written?: string;
  /** The extra column as the live table has it. */
  readonly liveExtra: LiveColumn | undefined;
  /** The live table. */
  readonly live: LiveTable;
  /** Of the live table; another one tells that the table was altered. */
  readonly fingerprint: string;
  readonly check: RecordCheck | undefined;
  readonly checkedColumns: readonly PlanColumn[];
}
