import { errorMessage } from '../errors/error-text.js';
import { integerFrom } from '../errors/find-mistakes.js';
import { answered, databaseError } from '../postgres/faults/database-error.js';
import type { LoadCounts } from '../results/load-counts.js';
import { statisticsNameOf } from '../schema/table/entity-metadata.js';
import type { LoadStats } from '../stats/load-stats.js';
import { type CsvDialect, type ExportFormat, exportLines } from '../quarantine/export-lines.js';
import type { KeptRecord, QuarantinedRecord } from '../quarantine/quarantined-record.js';
import type { PurgeResult, ReasonCount } from '../quarantine/quarantine-store.js';
import { checkFilter, LIST_CHECKS, type RejectFilter, type RejectListFilter } from '../quarantine/reject-filter.js';
import type { ReplayedLoad, ReplayResult } from '../results/replay-result.js';
import type { ReplayContext } from './replay-context.js';
import { type ReplayOptions, ReplayRun } from './replay-run.js';

/** Selects open rejected records to replay. */
export type ReplayFilter = Omit<RejectFilter, 'replayed'>;

const FAILED = ['QUARANTINE_FAILED', 'Could not read or delete rejected records'] as const;

/** The quarantine: rejected records until they are replayed or deleted. */
export class QuarantineService {
  /** @internal */
  constructor(
    private readonly context: ReplayContext,
    private readonly stats: LoadStats,
  ) {}

  /**
   * Lists rejected records, newest first, without the records themselves unless `withRaw` is set.
   * @throws StorageError `INVALID_FILTER` naming all mistakes in the filter; `QUARANTINE_FAILED` for a database error, with
   * its `cause`
   */
  async list(filter: RejectListFilter = {}): Promise<QuarantinedRecord[]> {
    return answered(this.context.store.list(filter), ...FAILED);
  }

  /** Counts rejected records; errors as {@link list}. */
  async count(filter: RejectFilter = {}): Promise<number> {
    return answered(this.context.store.count(filter), ...FAILED);
  }

  /** Counts rejected records by the reason, most frequent first; errors as {@link list}. */
  async countByReason(filter: RejectFilter = {}): Promise<ReasonCount[]> {
    return answered(this.context.store.countByReason(filter), ...FAILED);
  }

  /** One rejected record, or null. Errors as {@link list}. */
  async get(id: string, options: { readonly withRaw?: boolean | undefined } = {}): Promise<QuarantinedRecord | null> {
    checkFilter(options, { withRaw: LIST_CHECKS.withRaw });
    return answered(this.context.store.get(id, options.withRaw ?? false), ...FAILED);
  }

  /**
   * All matching records with their bytes, load by load in input order and in bounded memory. Holds no transaction: records
   * that are replayed or deleted meanwhile may be missing. Errors as {@link list}.
   */
  async *records(filter: RejectFilter = {}): AsyncGenerator<QuarantinedRecord & { readonly raw: Buffer }> {
    for await (const { reading: _, ...record } of this.readAll(filter)) {
      yield record;
    }
  }

  /**
   * The lines of a file that loads the same records again, byte for byte where possible; each piece is one record with its
   * line end. Errors as {@link list}.
   * @param format - `jsonl` for records read as JSON or passed as objects, `csv` for records read as csv; undefined: as the
   * first record was read
   * @param onLeftOut - called with the reason for each record that cannot be exported
   * @param onDialect - called before the first line of a csv file, with what a reader of it must know
   */
  export(
    filter: RejectFilter,
    format: ExportFormat | undefined,
    onLeftOut: (why: string, record: QuarantinedRecord) => void,
    onDialect?: (dialect: CsvDialect) => void,
  ): AsyncGenerator<Buffer> {
    return exportLines(this.readAll(filter), format, { onLeftOut, onDialect });
  }

  /**
   * Loads open records again by the current rules, into their table and with their original options (disposition,
   * `primaryKey`, `newerBy`, `updateColumns`, `keepColumns`, `deleteWhen`; records rejected by a replace are merged), oldest first, so that the later record wins.
   * Loading and marking the records is one transaction: a record is never both loaded and open, nor loaded twice by two
   * replays. Records rejected again stay open with their latest reason. So do records of combined loads whose loaders are not
   * given: the result has them as `left`.
   * @throws StorageError `INVALID_FILTER` naming all mistakes in the filter
   * @throws InvalidLoadError when an option is wrong, a table has no known entity; nothing was executed
   * @throws SchemaMismatchError when a live table does not match its entity; nothing was executed
   * @throws LoadFailedError when the database rejects the load; it was rolled back, unless the message says that the commit
   * outcome is unknown. Replaying again is safe in both cases
   * @throws LoadInterruptedError when the signal is aborted or the application shuts down; it was rolled back
   */
  async replay(filter: ReplayFilter = {}, options: ReplayOptions = {}): Promise<ReplayResult> {
    checkFilter(filter);
    const run = new ReplayRun(this.context, { ...filter, replayed: false }, options);
    let result: ReplayResult;
    try {
      result = await run.run();
    } catch (error) {
      for (const { counts, tables } of run.failed) {
        tables.forEach((table) => this.stats.add(table, counts));
        this.stats.addError(tables[0] as string, errorMessage(error));
      }
      throw error;
    }
    for (const load of result.loads) {
      const nameOf = (table: string): string =>
        statisticsNameOf(this.context.store.dataSource, table, run.schemas.get(load.loadId));
      countsOf(load).forEach(([table, counts]) => this.stats.add(nameOf(table), counts));
    }
    return result;
  }

  /**
   * Deletes rejected records permanently, replayed and open ones unless the filter says which.
   * @param options.expected - how many records, as {@link count} told; if the filter matches another number, none is deleted
   * @throws StorageError `INVALID_FILTER` for a mistake in the filter, or when it matches everything; `REJECTS_CHANGED` for
   * another number than expected; `QUARANTINE_FAILED` as {@link list}, and nothing was deleted then unless the connection was lost
   */
  async purge(filter: RejectFilter, options: { readonly expected?: number | undefined } = {}): Promise<PurgeResult> {
    checkFilter(options, { expected: integerFrom(0) });
    return answered(this.context.store.purge(filter, options.expected), ...FAILED);
  }

  private async *readAll(filter: RejectFilter): AsyncGenerator<KeptRecord> {
    try {
      yield* this.context.store.readAll(filter);
    } catch (error) {
      throw databaseError(error, ...FAILED);
    }
  }
}

/** The counts of each table of a load. */
function countsOf(load: ReplayedLoad): [string, LoadCounts][] {
  const tables =
    load.kind === 'hybrid'
      ? [load.opportunities, load.submissions]
      : load.kind === 'combined'
        ? Object.values(load.tables)
        : [load];
  return tables.map((counts) => [counts.table, counts]);
}
