import type { DataSource } from 'typeorm';

import { LoadBatchEntity, LoadEntity, LoadShardEntity } from '../entities/index.js';
import { quotedTableOf } from '../postgres/data-source.js';

/** Quoted names of the tables of the ledger. */
export interface LedgerTables {
  readonly loads: string;
  readonly batches: string;
  readonly shards: string;
}

export function ledgerTablesOf(dataSource: DataSource): LedgerTables {
  return {
    loads: quotedTableOf(dataSource, LoadEntity),
    batches: quotedTableOf(dataSource, LoadBatchEntity),
    shards: quotedTableOf(dataSource, LoadShardEntity),
  };
}
