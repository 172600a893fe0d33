import type { ColumnShape, PromotedType } from '../alter/column-types.js';
import { entitySource, type EntitySource, type EntityTargetNames } from '../source/entity-source.js';
import {
  type MigrationFile,
  type MigrationOptions,
  type MigrationTarget,
  promotionSource,
  readPendingChanges,
} from '../source/migration-source.js';
import type { KeepReason } from './keep-reasons.js';
import type { PromotedField } from '../alter/move-statements.js';

/** How often the extra column holds a field, and as what. */
export interface FieldCounts {
  readonly field: string;
  /** Rows read that hold it, JSON null included. */
  readonly count: number;
  /** `count` of the rows read, from 0 to 1. */
  readonly share: number;
  /** Values of each JSON type: `string`, `number`, `boolean`, `object`, `array`, `null`. */
  readonly types: Readonly<Record<string, number>>;
}

/** A field and the column it can be. */
export interface FieldColumn extends FieldCounts, ColumnShape {
  /**
   * - `promote`: add the column and move the values
   * - `move`: the table has the column; the values were captured by a version of the application that did not know it
   */
  readonly decision: 'promote' | 'move';
  readonly column: string;
  readonly property: string;
  /** Of `move`: the entity has the property too. */
  readonly inEntity: boolean;
  /** Of `move`: what a migration does beside a value the column has. */
  readonly existing?: PromotedField['existing'] | undefined;
}

/** A field that stays in the extra column. */
export interface KeptField extends FieldCounts {
  readonly decision: 'keep';
  /** Stable name of the reason. */
  readonly reason: KeepReason;
  /** For people. */
  readonly message: string;
}

/** What is proposed for one field. */
export type FieldProposal = FieldColumn | KeptField;

/** What was read, and of which entity. */
export interface ProposalSubject extends EntityTargetNames, MigrationTarget {
  /** The column that captured the fields. */
  readonly extra: string;
  /** Rows of the table; where a sample was read, as Postgres estimates it. */
  readonly rows: number;
  readonly rowsRead: number;
  /** Not every row was read: shares and types are those of a sample. */
  readonly sampled: boolean;
  /** Rarer fields that were not looked at. */
  readonly moreFields: number;
}

/** What the extra column of a table holds, and which of its fields can be columns. */
export class SchemaProposal {
  readonly table: string;
  readonly rows: number;
  readonly rowsRead: number;
  readonly sampled: boolean;
  readonly moreFields: number;

  readonly #subject: ProposalSubject;

  /** @param fields - most frequent first */
  constructor(
    subject: ProposalSubject,
    readonly fields: readonly FieldProposal[],
  ) {
    this.#subject = subject;
    this.table = subject.table;
    this.rows = subject.rows;
    this.rowsRead = subject.rowsRead;
    this.sampled = subject.sampled;
    this.moreFields = subject.moreFields;
  }

  /** The fields that can be columns. */
  get columns(): readonly FieldColumn[] {
    return this.fields.filter((field) => field.decision !== 'keep');
  }

  /**
   * The TypeORM migration that adds the columns and moves the values, as TypeScript. It has to run in a transaction
   * mode other than TypeORM's default `all`: `migration:run --transaction each`, or `migrationsTransactionMode: 'each'`.
   * @returns undefined when no field can be a column
   */
  migration(options: MigrationOptions = {}): MigrationFile | undefined {
    const { schema, table, extra } = this.#subject;
    const fields = this.columns.map(({ field, column, type, form, existing }): PromotedField => ({
      field,
      column,
      type,
      ...(form !== undefined && { form }),
      ...(existing !== undefined && { existing }),
    }));
    return fields.length === 0 ? undefined : promotionSource({ schema, table, extra, fields }, options);
  }

  /** Whether a migration, by its source, adds one of the columns, and the database does not have that migration. */
  isPendingIn(source: string): boolean {
    const added = new Set(this.columns.filter(({ decision }) => decision === 'promote').map(({ column }) => column));
    return readPendingChanges(source, 'promoteFields', this.#subject).some(
      ({ column, existing }) => existing === undefined && added.has(column),
    );
  }

  /** The TypeScript to add to the entity, and to the class its records are described by, once the migration has run. */
  entitySource(): EntitySource {
    return entitySource(
      this.#subject,
      this.columns.filter(({ inEntity }) => !inEntity),
    );
  }
}

/** The type of a live column as one of ours; undefined when it is of another. */
export function promotedTypeOf(liveType: string): PromotedType | undefined {
  const types: readonly PromotedType[] = ['boolean', 'bigint', 'double precision', 'numeric', 'uuid', 'text', 'jsonb'];
  return liveType === 'timestamp with time zone' ? 'timestamptz' : types.find((type) => type === liveType);
}
