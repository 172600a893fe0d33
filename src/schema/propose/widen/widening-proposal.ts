import {
  type MigrationFile,
  type MigrationOptions,
  type MigrationTarget,
  readPendingChanges,
  wideningSource,
} from '../source/migration-source.js';
import type { ColumnRejections } from './rejected-values.js';
import type { WidenedColumn } from '../alter/widen-columns.js';

/** A column that rejected records, and what would make it take them. */
export type ColumnWideningProposal = ColumnRejections &
  (
    | ({
        readonly decision: 'widen';
        readonly property: string;
        /** The decorator's options that change, as TypeScript: `type: 'numeric'`. */
        readonly options: string;
      } & WidenedColumn)
    | { readonly decision: 'keep'; readonly message: string }
  );

/** What the quarantine says of the columns of a table. */
export class WideningProposal {
  readonly table: string;

  readonly #target: MigrationTarget;

  /**
   * @param entity - name of its class
   * @param withoutColumn - reason → records that Postgres rejected without naming a column
   * @param tableBytes - size of the table with its indexes, as far as a rewrite would have to write it
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

  /** The columns a migration would widen. */
  get widened(): readonly Extract<ColumnWideningProposal, { decision: 'widen' }>[] {
    return this.columns.filter((column) => column.decision === 'widen');
  }

  /**
   * The TypeORM migration, as TypeScript; see {@link SchemaProposal.migration}.
   * @returns undefined when no column can be widened
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

  /** Whether a migration, by its source, changes one of the columns, and the database does not have that migration. */
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
