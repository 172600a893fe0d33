import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

import { RejectedRecordEntity } from '../../../entities/index.js';
import { InvalidLoadError } from '../../../errors/index.js';
import { quotedTableOf } from '../../../postgres/data-source.js';
import { quoteTable } from '../../../postgres/identifiers.js';
import { withClient } from '../../../postgres/with-client.js';
import { fieldRules, recordClassOf } from '../../../records/record-decorators.js';
import { fieldNamesOf, propertyOf } from '../../table/entity-column.js';
import { classOf, metadataOf, schemaOf } from '../../table/entity-metadata.js';
import { readLiveTable } from '../../table/live-table.js';
import { readAppliedMigrations } from '../../migrations/pending-migrations.js';
import { chooseWidening } from './choose-widening.js';
import { readDependents } from '../alter/column-dependents.js';
import { resolveWidenOptions, type WidenOptions } from '../columns/propose-options.js';
import { readAllRows } from '../read-all-rows.js';
import { countWithoutColumn, lookAtValues, readRejections } from './rejected-values.js';
import { toLiteral } from '../source/source-text.js';
import { type ColumnWideningProposal, WideningProposal } from './widening-proposal.js';

/**
 * Proposes wider types for the columns of a table, based on its rejected records; read-only.
 * @throws InvalidLoadError when the DataSource has no such entity, or the table does not exist
 */
export async function proposeWidening(
  dataSource: DataSource,
  entity: EntityTarget<ObjectLiteral>,
  options: WidenOptions = {},
): Promise<WideningProposal> {
  const { statementTimeoutMs } = resolveWidenOptions(options);
  const metadata = metadataOf(dataSource, entity);
  const { tableName: table } = metadata;
  const schema = schemaOf(metadata);
  const quarantine = quotedTableOf(dataSource, RejectedRecordEntity);
  const rules = fieldRules(recordClassOf(classOf(metadata)));
  const applied = await withClient(dataSource, (client) => readAppliedMigrations(client, dataSource));
  return readAllRows(dataSource, statementTimeoutMs, async (client) => {
    const live = await readLiveTable(client, schema, table);
    if (live === undefined) {
      throw new InvalidLoadError(`Table ${table} does not exist: run the migrations first`);
    }
    const proposals: ColumnWideningProposal[] = [];
    for (const rejections of await readRejections(client, quarantine, table)) {
      const column = metadata.columns.find(({ databaseName }) => databaseName === rejections.column);
      const found = live.columns.get(rejections.column);
      // A hybrid load names columns of either table.
      if (column !== undefined && found !== undefined) {
        const property = propertyOf(column);
        const names = [...fieldNamesOf(column), ...(rules.get(property)?.aliases ?? [])];
        const values = await lookAtValues(client, quarantine, table, rejections, names);
        const dependents = await readDependents(client, schema, table, column.databaseName);
        const widening = chooseWidening(found, column.isPrimary, rejections, values, dependents);
        if ('message' in widening) {
          proposals.push({ ...rejections, decision: 'keep', ...widening });
        } else if (widening.to === undefined && widening.dropNotNull !== true) {
          proposals.push({ ...rejections, decision: 'keep', message: 'the column accepts them now: replay them' });
        } else {
          const changed = [
            widening.to !== undefined && `type: ${toLiteral(widening.to)}`,
            widening.dropNotNull === true && 'nullable: true',
          ].filter((option) => option !== false);
          const from = found.fullType;
          proposals.push({
            ...rejections,
            decision: 'widen',
            property,
            from,
            ...widening,
            options: changed.join(', '),
          });
        }
      }
    }
    const { rows } = await client.query<{ bytes: string }>(`SELECT pg_total_relation_size($1) AS bytes`, [
      quoteTable(schema, table),
    ]);
    const withoutColumn = await countWithoutColumn(client, quarantine, table);
    const bytes = Number(rows[0]?.bytes);
    const target = { schema: metadata.schema, table, applied };
    return new WideningProposal(target, metadata.name, bytes, proposals, withoutColumn);
  });
}
