import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';

import { InvalidLoadError, InvalidOptionError } from '../../../errors/index.js';
import { quoteIdentifier, quoteTable } from '../../../postgres/identifiers.js';
import { withClient } from '../../../postgres/with-client.js';
import { recordClassOf } from '../../../records/record-decorators.js';
import { fieldNamesOf, propertyOf, rolesOf } from '../../table/entity-column.js';
import { classOf, metadataOf, schemaOf } from '../../table/entity-metadata.js';
import { type LiveTable, readLiveTable } from '../../table/live-table.js';
import { readAppliedMigrations } from '../../migrations/pending-migrations.js';
import { chooseType, holdsSome } from './choose-type.js';
import { jsonTypeOf, type ValueKind } from '../alter/column-types.js';
import { NameCollisions, namesOf } from './field-names.js';
import { type FieldStatistics, readExtraStatistics } from './field-statistics.js';
import { type ProposeOptions, resolveProposeOptions } from './propose-options.js';
import { readAllRows } from '../read-all-rows.js';
import { type FieldCounts, type FieldProposal, promotedTypeOf, SchemaProposal } from './schema-proposal.js';

/**
 * Proposes columns for the fields in the extra column of an entity; read-only.
 * @throws InvalidLoadError when the DataSource has no such entity, it captures nothing, or an option is invalid
 */
export async function proposeColumns(
  dataSource: DataSource,
  entity: EntityTarget<ObjectLiteral>,
  options: ProposeOptions = {},
): Promise<SchemaProposal> {
  const resolved = resolveProposeOptions(options);
  const metadata = metadataOf(dataSource, entity);
  const extra = extraColumnOf(metadata);
  const schema = schemaOf(metadata);
  const applied = await withClient(dataSource, (client) => readAppliedMigrations(client, dataSource));
  const { live, statistics } = await readAllRows(dataSource, resolved.statementTimeoutMs, async (client) => {
    const table = await readLiveTable(client, schema, metadata.tableName);
    if (table?.columns.get(extra)?.type !== 'jsonb') {
      throw new InvalidLoadError(
        `Table ${metadata.tableName} with a jsonb column ${extra} does not exist: run the migrations first`,
      );
    }
    const quoted = quoteTable(schema, metadata.tableName);
    return {
      live: table,
      statistics: await readExtraStatistics(client, quoted, quoteIdentifier(extra), resolved.sampleAbove),
    };
  });
  const { fields, ...read } = statistics;
  const target = classOf(metadata);
  const recordClass = recordClassOf(target);
  return new SchemaProposal(
    {
      ...read,
      entity: metadata.name,
      recordClass: recordClass === target ? undefined : recordClass.name,
      table: metadata.tableName,
      schema: metadata.schema,
      applied,
      extra,
    },
    proposeFields(metadata, live, fields, read.rowsRead, resolved),
  );
}

function extraColumnOf(metadata: EntityMetadata): string {
  const column = metadata.columns.find((candidate) => rolesOf(candidate).has('extra'));
  if (column === undefined) {
    throw new InvalidOptionError(
      `${metadata.name} has no column for unknown fields: mark a nullable jsonb column with @ExtraFields()`,
    );
  }
  return column.databaseName;
}

function proposeFields(
  metadata: EntityMetadata,
  live: LiveTable,
  statistics: readonly FieldStatistics[],
  rowsRead: number,
  { minCount, minShare }: Required<ProposeOptions>,
): FieldProposal[] {
  const collisions = new NameCollisions(
    metadata,
    statistics.map(({ field }) => field),
  );
  const proposals = statistics.flatMap(({ field, kinds }): FieldProposal[] => {
    const counts = countsOf(field, kinds, rowsRead);
    const existing = findColumn(metadata, live, field);
    if (existing !== undefined) {
      // A null there adds nothing to the column.
      return 'null' in counts.types && Object.keys(counts.types).length === 1
        ? []
        : [proposeMove(counts, kinds, existing)];
    }
    const names = namesOf(field);
    const rejection = 'reason' in names ? names : collisions.find(field, names);
    const shape = chooseType(kinds);
    if (rejection !== undefined || 'reason' in names) {
      return [{ ...counts, decision: 'keep', ...(rejection as NonNullable<typeof rejection>) }];
    }
    if ('reason' in shape) {
      return [{ ...counts, decision: 'keep', ...shape }];
    }
    if (counts.count < minCount || counts.share < minShare) {
      return [{ ...counts, decision: 'keep', reason: 'rare', message: 'too rare' }];
    }
    return [{ ...counts, decision: 'promote', ...names, ...shape, inEntity: false }];
  });
  return keepOtherSpellings(proposals);
}

/** Of several spellings of one column, such as `over_18` and `over18`, the most frequent one moves. */
function keepOtherSpellings(proposals: readonly FieldProposal[]): FieldProposal[] {
  const fields = new Map<string, string>();
  return proposals.map((proposal) => {
    if (proposal.decision === 'keep') {
      return proposal;
    }
    const { field, count, share, types, column } = proposal;
    const other = fields.get(column);
    if (other === undefined) {
      fields.set(column, field);
      return proposal;
    }
    const message = `the column ${column} already takes the values of ${JSON.stringify(other)}`;
    return { field, count, share, types, decision: 'keep', reason: 'name_collision', message };
  });
}

function countsOf(field: string, kinds: ReadonlyMap<ValueKind, number>, rowsRead: number): FieldCounts {
  const types = new Map<string, number>();
  for (const [kind, n] of kinds) {
    types.set(jsonTypeOf(kind), (types.get(jsonTypeOf(kind)) ?? 0) + n);
  }
  const count = [...types.values()].reduce((sum, n) => sum + n, 0);
  return { field, count, share: rowsRead === 0 ? 0 : count / rowsRead, types: Object.fromEntries([...types].sort()) };
}

interface ExistingColumn {
  readonly column: string;
  readonly property: string;
  readonly type: string;
  readonly readOnly: boolean;
  readonly inEntity: boolean;
  readonly existing: 'captured' | 'filled';
}

/** The column that records fill under exactly this name. */
function findColumn(metadata: EntityMetadata, live: LiveTable, field: string): ExistingColumn | undefined {
  const known = metadata.columns.find((candidate) => fieldNamesOf(candidate).includes(field));
  const names = namesOf(field);
  const column = known?.databaseName ?? ('reason' in names ? undefined : names.column);
  const found = column === undefined ? undefined : live.columns.get(column);
  return (
    found && {
      column: found.name,
      property: known !== undefined ? propertyOf(known) : 'reason' in names ? found.name : names.property,
      // What a domain accepts is not known.
      type: found.domain ?? found.type,
      readOnly: found.readOnly,
      inEntity: known !== undefined,
      // Either no version that knows the column has written it yet, or one that clears what it supersedes.
      existing: known === undefined || rolesOf(known).has('capturedBefore') ? 'captured' : 'filled',
    }
  );
}

function proposeMove(
  counts: FieldCounts,
  kinds: ReadonlyMap<ValueKind, number>,
  { type: liveType, readOnly, ...existing }: ExistingColumn,
): FieldProposal {
  if (readOnly) {
    const message = 'the column exists, but it is generated';
    return { ...counts, decision: 'keep', reason: 'read_only_column', message };
  }
  const type = promotedTypeOf(liveType);
  const shape = chooseType(kinds);
  const form = type === 'timestamptz' && 'type' in shape ? shape.form : undefined;
  const holds = type !== undefined && holdsSome(type, kinds);
  if (type === undefined || !holds || (type === 'timestamptz' && form === undefined)) {
    const message = `the column exists, but its type ${liveType} cannot reproduce these values exactly`;
    return { ...counts, decision: 'keep', reason: 'other_column_type', message };
  }
  return { ...counts, decision: 'move', type, ...(form !== undefined && { form }), ...existing };
}
