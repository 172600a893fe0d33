import type { StorageOperations } from '../operations/storage-operations.js';
import type { ResolvedHealthOptions } from './health-options.js';
import type { HealthProblem } from './health-problem.js';
import type { tablesByName } from './health-tables.js';

/** Running loads that are looked at; those with the latest signs of life come first. */
const LOADS_LOOKED_AT = 100;

/** A load that has been silent for a day longer was killed; without a load key it stays `running` for good. */
const DAY_MS = 86_400_000;

/** What a check asks the database. */
export interface HealthQuestion {
  /** Callers with a question of the same name share the answer. */
  readonly name: string;
  /** What could not be read, for the message. */
  readonly subject: string;
  ask(operations: StorageOperations): Promise<readonly HealthProblem[]>;
}

/** The questions of a check; what makes the storage down comes first. */
export function questionsOf(
  options: ResolvedHealthOptions,
  known: ReturnType<typeof tablesByName>,
): readonly HealthQuestion[] {
  const { maxOpenRejects, stalledAfterMs, maxAge, tables } = options;
  const questions: HealthQuestion[] = [
    { name: 'migrations', subject: 'the applied migrations', ask: pendingMigrations },
    {
      name: 'schema',
      subject: 'the schema',
      ask: (operations) =>
        schemaDifferences(
          operations,
          tables?.map((table) => known.get(table)?.inDifferences),
        ),
    },
  ];
  if (maxOpenRejects !== undefined) {
    questions.push({
      name: `rejects ${maxOpenRejects}`,
      subject: 'the open rejected records',
      ask: (operations) => openRejects(operations, maxOpenRejects),
    });
  }
  if (stalledAfterMs !== undefined) {
    questions.push({
      name: `stalled ${stalledAfterMs}`,
      subject: 'the running loads',
      ask: (operations) => stalledLoads(operations, stalledAfterMs),
    });
  }
  if (Object.keys(maxAge).length > 0) {
    const ages = Object.entries(maxAge).map(([table, ms]) => ({ table, inHistory: known.get(table)?.inHistory, ms }));
    questions.push({
      name: `ages ${JSON.stringify(maxAge)}`,
      subject: 'the last loads',
      ask: (operations) => staleTables(operations, ages),
    });
  }
  return questions;
}

async function pendingMigrations(operations: StorageOperations): Promise<HealthProblem[]> {
  const pending = await operations.pendingMigrations();
  return pending.map(({ name }) => ({ cause: 'pending_migration', message: `Migration ${name} is not applied` }));
}

async function schemaDifferences(
  operations: StorageOperations,
  tables: readonly (string | undefined)[] | undefined,
): Promise<HealthProblem[]> {
  const { breaking } = await operations.schemaDifferences();
  return breaking
    .filter(({ table }) => tables === undefined || tables.includes(table))
    .map(({ table, column, kind }) => ({
      cause: 'schema_difference',
      message: `${column === undefined ? `Table ${table}` : `Column ${table}.${column}`} differs from its entity (${kind})`,
      table,
    }));
}

async function openRejects(operations: StorageOperations, most: number): Promise<HealthProblem[]> {
  const { count, isExact } = await operations.rejectsByTableAndReason();
  if (isExact && count <= most) {
    return [];
  }
  const counted = isExact ? `${count}` : `More than ${count}`;
  return [{ cause: 'open_rejects', message: `${counted} rejected records are open; ${most} are allowed` }];
}

async function stalledLoads(operations: StorageOperations, stalledAfterMs: number): Promise<HealthProblem[]> {
  const { loads } = await operations.running({ stalledAfterMs, limit: LOADS_LOOKED_AT });
  return loads
    .filter(({ stalled, silentMs }) => stalled && silentMs < stalledAfterMs + DAY_MS)
    .map(({ loadId, table }) => ({
      cause: 'stalled_load',
      message: `Load ${loadId} has given no sign of life for more than ${stalledAfterMs} ms`,
      table,
    }));
}

async function staleTables(
  operations: StorageOperations,
  ages: readonly { readonly table: string; readonly inHistory: string | undefined; readonly ms: number }[],
): Promise<HealthProblem[]> {
  const tables = await operations.freshness();
  const silence = new Map(tables.map(({ table, silentMs }) => [table, silentMs]));
  return ages.flatMap(({ table, inHistory = table, ms }) => {
    const silentMs = silence.get(inHistory) ?? Infinity;
    const message = `No records have arrived in ${table} for more than ${ms} ms`;
    return silentMs > ms ? [{ cause: 'stale_table', message, table }] : [];
  });
}
