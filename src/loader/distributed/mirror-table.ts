import { nameByDefinition, quoteIdentifier } from '../../postgres/identifiers.js';
import { qualifiedTemporary } from '../../postgres/temporary-table.js';
import type { LiveTable } from '../../schema/table/live-table.js';
import type { Target } from '../model/load-job.js';
import type { KeyColumn, LoadPlan, PlanColumn } from '../model/load-plan.js';

/** Columns of a mirror beside those of its table; the blanks keep their names apart from real columns. */
export const WRITTEN = '"harbor written"';
export const VERSION = '"harbor version"';

/**
 * The local copy of the stored rows that a batch may meet in a distributed table. The rows of the batch are merged into it
 * by the statements of every table, of which Citus takes none on shards; then it is written back. It has the defaults,
 * checks and unique keys of its table, and so rejects a row with the name of the constraint, which shards do not tell.
 */
export interface Mirror {
  /** The name, as errors have it. */
  readonly name: string;
  /** The mirror as a target. */
  readonly target: Target;
  /** Keys and versions of the stored rows. */
  readonly before: string;
  /** Statements that create it, unless the transaction has it already. */
  readonly create: string;
}

/** Whether Citus keeps the table. */
export function isDistributed({ plan }: Pick<Target, 'plan'>): boolean {
  return plan.live.kind.distribution !== null;
}

/** The mirror of a distributed table for a load by a key. */
export function mirrorOf(target: Target): Mirror {
  const { plan, key } = target;
  const definition = [plan.quotedTable, plan.fingerprint].join();
  const name = nameByDefinition('harbor_mirror', definition);
  const before = nameByDefinition('harbor_before', [definition, ...key.map(({ quoted }) => quoted)].join());
  const qualified = qualifiedTemporary(name);
  // An error names the index, so it has the name people know.
  const indexes = plan.live.indexes.filter(isCopied).map(
    (index) =>
      // The schema of an index is that of its table.
      `CREATE UNIQUE INDEX IF NOT EXISTS ${quoteIdentifier(index.name)} ON ${qualified} (${index.definition})` +
      `${index.nullsNotDistinct ? ' NULLS NOT DISTINCT' : ''}${index.predicate === null ? '' : ` WHERE ${index.predicate}`}`,
  );
  const identities = plan.live.kind.sequences
    .filter(({ column }) => plan.live.columns.get(column)?.defaultExpression === undefined)
    .map(
      ({ column, sequence }) =>
        `ALTER TABLE ${qualified} ALTER COLUMN ${quoteIdentifier(column)} SET DEFAULT nextval('${sequence.replaceAll("'", "''")}')`,
    );
  const keys = key.map(({ quoted, declaredType }) => `${quoted} ${declaredType}`);
  return {
    name,
    target: { ...target, plan: mirrorPlan(plan, qualified), key: key.map((column) => localColumn(plan.live, column)) },
    before: qualifiedTemporary(before),
    create: [
      `CREATE TEMPORARY TABLE IF NOT EXISTS ${name} (LIKE ${plan.quotedTable} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED, ${VERSION} xid, ${WRITTEN} boolean NOT NULL DEFAULT true) ON COMMIT DROP`,
      ...identities,
      ...indexes,
      `CREATE TEMPORARY TABLE IF NOT EXISTS ${before} (${[...keys, `${VERSION} xid`].join(', ')}) ON COMMIT DROP`,
    ].join('; '),
  };
}

/** A target, or its mirror if it is distributed. */
export function mirrored(target: Target): Target {
  return isDistributed(target) ? mirrorOf(target).target : target;
}

/** An index on which two rows are equal or not without more than their columns. */
function isCopied({ isUnique, obstacle, isValid }: LiveTable['indexes'][number]): boolean {
  return isUnique && isValid && (obstacle === null || obstacle === 'expression');
}

function mirrorPlan(plan: LoadPlan, quotedTable: string): LoadPlan {
  const { live } = plan;
  return {
    ...plan,
    quotedTable,
    written: WRITTEN,
    columns: plan.columns.map((column) => localColumn(live, column)),
    live: {
      ...live,
      references: [],
      deferrable: [],
      kind: { ...live.kind, partitionKey: null, hasTriggers: false, distribution: null },
    },
  };
}

/** No statement may change the column that says in which shard a row is. */
function localColumn<C extends PlanColumn | KeyColumn>(live: LiveTable, column: C): C {
  return column.name === live.kind.distribution?.column ? { ...column, updatable: false } : column;
}
