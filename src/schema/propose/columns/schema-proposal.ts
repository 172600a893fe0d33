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

/** Occurrences of a field in the extra column, by type. */
export interface FieldCounts {
  readonly field: string;
  /** Rows with the field, JSON null included. */
  readonly count: number;
  /** `count` divided by the rows read, from 0 to 1. */
  readonly share: number;
  /** Values of each JSON type: `string`, `number`, `boolean`, `object`, `array`, `null`. */
  readonly types: Readonly<Record<string, number>>;
}

/** A field and its proposed column. */
export interface FieldColumn extends FieldCounts, ColumnShape {
  /**
   * - `promote`: add the column and move the values
   * - `move`: the column exists; the values were captured by application versions that did not know it
   */
  readonly decision: 'promote' | 'move';
  readonly column: string;
  readonly property: string;
  /** For `move`: the entity has the property too. */
  readonly inEntity: boolean;
  /** For `move`: what a migration does if the column has a value too. */
  readonly existing?: PromotedField['existing'] | undefined;
}

/** A field that stays in the extra column. */
export interface KeptField extends FieldCounts {
  readonly decision: 'keep';
  /** Stable code of the reason. */
  readonly reason: KeepReason;
  /** For people. */
  readonly message: string;
}

/** Proposal for one field. */
export type FieldProposal = FieldColumn | KeptField;

/** Subject of a proposal. */
export interface ProposalSubject extends EntityTargetNames, MigrationTarget {
  /** The column with the captured fields. */
  readonly extra: string;
  /** Rows of the table; for a sample, Postgres' estimate. */
  readonly rows: number;
  readonly rowsRead: number;
  /** Whether shares and types come from a sample. */
  readonly sampled: boolean;
  /** Number of rarer fields that were ignored. */
  readonly moreFields: number;
}

/** Fields in the extra column of a table, and which of them can become columns. */
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

  /** Fields that can become columns. */
  get columns(): readonly FieldColumn[] {
    return this.fields.filter((field) => field.decision !== 'keep');
  }

  /**
   * The TypeORM migration, in TypeScript, that adds the columns and moves the values. It cannot run in TypeORM's default
   * transaction mode `all`: use `migration:run --transaction each`, or `migrationsTransactionMode: 'each'`.
   * @returns undefined if no field can become a column
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

  /** Whether the source of a migration adds one of these columns, and the migration is not applied. */
  isPendingIn(source: string): boolean {
    const added = new Set(this.columns.filter(({ decision }) => decision === 'promote').map(({ column }) => column));
    return readPendingChanges(source, 'promoteFields', this.#subject).some(
      ({ column, existing }) => existing === undefined && added.has(column),
    );
  }

  /** TypeScript to add to the entity and to the record class after the migration. */
  entitySource(): EntitySource {
    return entitySource(
      this.#subject,
      this.columns.filter(({ inEntity }) => !inEntity),
    );
  }
}

/** The type of a live column as a promoted type; undefined if it is another type. */
export function promotedTypeOf(liveType: string): PromotedType | undefined {
  const types: readonly PromotedType[] = ['boolean', 'bigint', 'double precision', 'numeric', 'uuid', 'text', 'jsonb'];
  return liveType === 'timestamp with time zone' ? 'timestamptz' : types.find((type) => type === liveType);
}
