import type { DataSource } from 'typeorm';

import type { StorageOperations } from '../operations/storage-operations.js';
import type { QuarantineService } from '../replay/quarantine.service.js';
import type { SchemaService } from '../schema/schema.service.js';
import type { LoadStatsService } from '../stats/load-stats.service.js';
import type { ConsoleSettings } from './console-options.js';

/** What the pages of one console work with. */
export interface ConsoleContext {
  readonly settings: ConsoleSettings;
  readonly dataSource: DataSource;
  /** Reads for the pages, each statement within a timeout. */
  readonly operations: StorageOperations;
  readonly stats: LoadStatsService;
  readonly quarantine: QuarantineService;
  readonly schema: SchemaService;
}

/** Injection token of the {@link ConsoleContext}, within a console. */
export const CONSOLE_CONTEXT = Symbol('harbor-storage:console-context');
