import {
  type MigrationFile,
  type MigrationOptions,
  type MigrationTarget,
  readPendingChanges,
  wideningSource,
} from '../source/migration-source.js';
import type { ColumnRejections } from './rejected-values.js';
import type { WidenedColumn } from '../alter/widen-columns.js';

/** A column that rejected records, and the proposed change. */
export type ColumnWideningProposal = ColumnRejections &
  (
    | ({
        readonly decision: 'widen';
        readonly property: string;
        /** The changed options of the decorator, in TypeScript: `type: 'numeric'`. */
        readonly options: string;
      } & WidenedColumn)
    | { readonly decision: 'keep'; readonly message: string }
  );

/** Columns of a table with rejected records, and proposed changes. */
export class WideningProposal {
  readonly table: string;

  readonly #target: MigrationTarget;

  /**
   * @param entity - name of its class
   * @param withoutColumn - reason → records that Postgres rejected without naming a column
   * @param tableBytes - size of the table with its indexes, which a rewrite would write
   */
  constructor(
    target: MigrationTarget,
    readonly entity: string,
    readonly tableBytes: number,
    readonly columns: readonly ColumnWideningProposal[],
    readonly withoutColumn: Readonly<Record<string, number>>,
  ) {
    this.table = target.table;
    this.#target = target;
  }

  /** Columns that the migration widens. */
  get widened(): readonly Extract<ColumnWideningProposal, { decision: 'widen' }>[] {
    return this.columns.filter((column) => column.decision === 'widen');
  }

  /**
   * The TypeORM migration, in TypeScript; see {@link SchemaProposal.migration}.
   * @returns undefined if no column can be widened
   */
  migration(options: MigrationOptions = {}): MigrationFile | undefined {
    const columns = this.widened.map(({ column, from, to, by, dropNotNull }): WidenedColumn => ({
      column,
      ...(to !== undefined && { from, to, by }),
      ...(dropNotNull === true && { dropNotNull }),
    }));
    return columns.length === 0
      ? undefined
      : wideningSource({ schema: this.#target.schema, table: this.table, columns }, options);
  }

  /** Whether the source of a migration changes one of these columns, and the migration is not applied. */
  isPendingIn(source: string): boolean {
    const changes = readPendingChanges(source, 'widenColumns', this.#target);
    return this.widened.some((widened) =>
      changes.some(
        ({ column, from, dropNotNull }) =>
          column === widened.column &&
          ((widened.to !== undefined && from === widened.from) || (widened.dropNotNull && dropNotNull !== undefined)),
      ),
    );
  }
}
