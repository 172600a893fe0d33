import type { DataSource } from 'typeorm';

import type { Query } from '../quarantine/kept-pages.js';
import type { QuarantineStore } from '../quarantine/quarantine-store.js';
import type { LoadHistory } from '../stats/load-history.js';
import type { Reading } from '../postgres/with-transaction.js';

/** How the questions of this folder reach the database: read-only, each statement within a timeout. */
export interface Questions {
  readonly dataSource: DataSource;
  readonly read: Reading;
  readonly query: Query;
  readonly history: LoadHistory;
  readonly quarantine: QuarantineStore;
}
