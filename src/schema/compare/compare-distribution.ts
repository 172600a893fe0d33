import { escapeLiteral } from 'pg';
import type { EntityMetadata } from 'typeorm';

import { ledgerEntities } from '../../entities/index.js';
import type { SchemaDifference } from '../../errors/index.js';
import { dataSourceOf } from '../../postgres/typeorm-adapter.js';
import { describeDistribution } from '../table/distribution.js';
import type { LiveTable } from '../table/live-table.js';
import { migrateCommand } from '../table/migrate-command.js';

type Finding = Pick<SchemaDifference, 'column' | 'expected' | 'actual' | 'fix'>;

/** What of a table on the workers of Citus makes loads fail or wait for each other. */
export function compareDistribution(
  metadata: EntityMetadata,
  { kind: { distribution, sequences, hasTriggers } }: LiveTable,
  quotedTable: string,
): SchemaDifference[] {
  if (distribution === null) {
    return [];
  }
  const undistribute = `SELECT undistribute_table(${escapeLiteral(quotedTable)})`;
  const actual = describeDistribution(distribution);
  const findings: Finding[] = [];
  if (ledgerEntities.some((entity) => entity === metadata.target) && distribution.kind !== 'single-shard') {
    const fix = `${undistribute}, then ${migrateCommand(dataSourceOf(metadata))} --distributed`;
    findings.push({ expected: 'a single-shard table, because concurrent loads deadlock on others', actual, fix });
  }
  if (distribution.kind === 'replicated') {
    const fix = `SET citus.shard_replication_factor = 1, ${undistribute}, then create_distributed_table`;
    findings.push({ expected: 'one copy of each shard, because each copy has versions of its own', actual, fix });
  }
  if (distribution.kind === 'distributed') {
    const key = metadata.primaryColumns.map(({ databaseName }) => databaseName);
    if (!key.includes(distribution.column ?? '')) {
      const fix = `${undistribute}, then SELECT create_distributed_table(${escapeLiteral(quotedTable)}, ${escapeLiteral(key[0] ?? '')})`;
      findings.push({ expected: `distributed by a column of the key (${key.join(', ')})`, actual, fix });
    }
    findings.push(
      ...sequences.map(({ column, sequence }) => ({
        column,
        expected: 'no sequence, because each worker would count for itself',
        actual: `the sequence ${sequence}`,
        fix: 'give the records keys of their own, for example a uuid, and drop the default or the identity of the column',
      })),
    );
  }
  if (hasTriggers) {
    const fix = `DROP TRIGGER … ON ${quotedTable}`;
    findings.push({ expected: 'no trigger, because it sees one shard only', actual: 'a trigger', fix });
  }
  return findings.map((finding) => ({
    table: metadata.tablePath,
    kind: 'distribution',
    breaks: false,
    ...finding,
  }));
}
