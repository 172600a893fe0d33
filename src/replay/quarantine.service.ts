import { Injectable } from '@nestjs/common';

import { answered, databaseError } from '../postgres/database-error.js';
import type { LoadCounts } from '../results/load-counts.js';
import type { LoadStatsService } from '../stats/load-stats.service.js';
import { type ExportFormat, exportLines } from '../quarantine/export-lines.js';
import type { KeptRecord, QuarantinedRecord } from '../quarantine/quarantined-record.js';
import type { PurgeResult } from '../quarantine/quarantine-store.js';
import type { RejectFilter, RejectListFilter } from '../quarantine/reject-filter.js';
import type { ReplayedLoad, ReplayResult } from '../results/replay-result.js';
import { type ReplayContext, type ReplayOptions, ReplayRun } from './replay-run.js';

/** Which rejected records to replay: open ones only. */
export type ReplayFilter = Omit<RejectFilter, 'replayed'>;

const FAILED = ['QUARANTINE_FAILED', 'The rejected records could not be read or removed'] as const;

/** The quarantine: records that loads have rejected, until they are replayed or removed. */
@Injectable()
export class QuarantineService {
  constructor(
    private readonly context: ReplayContext,
    private readonly stats: LoadStatsService,
  ) {}

  /**
   * Rejected records, those rejected last first, without the records themselves unless `withRaw` asks for them.
   * @throws StorageError `INVALID_FILTER` naming every mistake in the filter; `QUARANTINE_FAILED` when the database does
   * not answer as it should, with its error as the `cause`
   */
  async list(filter: RejectListFilter = {}): Promise<QuarantinedRecord[]> {
    return answered(this.context.store.list(filter), ...FAILED);
  }

  /** How many there are; errors as {@link list}. */
  async count(filter: RejectFilter = {}): Promise<number> {
    return answered(this.context.store.count(filter), ...FAILED);
  }

  /** One of them; null when there is none of that id. Errors as {@link list}. */
  async get(
    id: string,
    { withRaw = false }: { readonly withRaw?: boolean | undefined } = {},
  ): Promise<QuarantinedRecord | null> {
    return answered(this.context.store.get(id, withRaw), ...FAILED);
  }

  /**
   * All of them with the records themselves, in the order they came in and in bounded memory. No transaction is held:
   * what is replayed or removed meanwhile may be missing. Errors as {@link list}.
   */
  async *records(filter: RejectFilter = {}): AsyncGenerator<QuarantinedRecord & { readonly raw: Buffer }> {
    for await (const { reading: _, ...record } of this.readAll(filter)) {
      yield record;
    }
  }

  /**
   * The lines of a file that loads the same records again, byte for byte wherever their bytes can stand in it; each
   * piece holds one record, with its line end. Errors as {@link list}.
   * @param format - `jsonl` for what came as JSON or as objects, `csv` for what came as csv
   * @param onLeftOut - told why a record cannot stand in such a file
   */
  export(
    filter: RejectFilter,
    format: ExportFormat,
    onLeftOut: (why: string, record: QuarantinedRecord) => void,
  ): AsyncGenerator<Buffer> {
    return exportLines(this.readAll(filter), format, onLeftOut);
  }

  /**
   * Loads open records again by the current rules, into the table that rejected them and in the way they were loaded
   * (disposition, `primaryKey`, `newerBy`; what a replace rejected is merged), oldest first, so that the later record
   * wins. It is one transaction with marking them: a record is never both loaded and open, nor loaded twice by two
   * replays. What is rejected again stays open with its latest reason.
   * @throws StorageError `INVALID_FILTER` naming every mistake in the filter
   * @throws InvalidLoadError when no entity is known for one of the tables; nothing has happened then
   * @throws SchemaMismatchError when a live table does not fit its entity; nothing has happened then
   * @throws LoadFailedError when the database would not take it; it was rolled back, unless the message says that this
   * is not known, because the database went away with its COMMIT. Replaying again is safe then too
   * @throws LoadInterruptedError when the signal was aborted or the application shuts down; it was rolled back
   */
  async replay(filter: ReplayFilter = {}, options: ReplayOptions = {}): Promise<ReplayResult> {
    const result = await new ReplayRun(this.context, { ...filter, replayed: false }, options).run();
    result.loads.flatMap(countsOf).forEach(([name, counts]) => this.stats.add(name, counts));
    return result;
  }

  /**
   * Removes rejected records for good, replayed or still open unless the filter says which.
   * @throws StorageError `INVALID_FILTER` for a mistake in the filter, or when it leaves nothing out; `QUARANTINE_FAILED` as
   * {@link list}, and nothing was removed then unless the connection was lost
   */
  async purge(filter: RejectFilter): Promise<PurgeResult> {
    return answered(this.context.store.purge(filter), ...FAILED);
  }

  private async *readAll(filter: RejectFilter): AsyncGenerator<KeptRecord> {
    try {
      yield* this.context.store.readAll(filter);
    } catch (error) {
      throw databaseError(error, ...FAILED);
    }
  }
}

/** What a load did to each of its tables. */
function countsOf(load: ReplayedLoad): [string, LoadCounts][] {
  const tables = load.kind === 'hybrid' ? [load.opportunities, load.submissions] : [load];
  return tables.map((counts) => [counts.table, counts]);
}
