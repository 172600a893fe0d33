import { filter as filterBy, type Observable, Subject } from 'rxjs';

import { type Check, findMistakes } from '../errors/find-mistakes.js';
import { StorageError } from '../errors/index.js';
import type { LoadProgress, ProgressFilter } from './load-progress.js';
import { LoadStats } from './load-stats.js';

const TEXT: Check = ['a text', (value) => typeof value === 'string'];

const CHECKS: Readonly<Record<keyof ProgressFilter, Check>> = {
  loadId: TEXT,
  table: TEXT,
  loadKey: TEXT,
  source: TEXT,
  status: TEXT,
};

/** Statistics, history and progress of loads. */
export class LoadStatsService extends LoadStats {
  private readonly published = new Subject<LoadProgress>();

  /**
   * Progress of the loads of this process: after each batch, before each retry, and at the end of each load. Completes when
   * the application shuts down, before the HTTP server waits for open connections.
   */
  readonly progress$: Observable<LoadProgress> = this.published.asObservable();

  /**
   * The progress of some loads: those with these values; see {@link progress$}.
   * @throws StorageError `INVALID_FILTER` naming all mistakes in the filter
   */
  progress(filter: ProgressFilter): Observable<LoadProgress> {
    const mistakes = findMistakes(filter, CHECKS, 'not a criterion');
    if (mistakes.length > 0) {
      throw new StorageError('INVALID_FILTER', `Invalid filter of the progress: ${mistakes.join('; ')}`);
    }
    const criteria = Object.entries(filter).filter(([, value]) => value !== undefined);
    return this.progress$.pipe(
      filterBy((progress) => criteria.every(([name, value]) => progress[name as keyof ProgressFilter] === value)),
    );
  }

  /** @internal */
  override publish(progress: LoadProgress): void {
    this.published.next(progress);
  }

  /**
   * Completes `progress$`, when all loads have published their ends.
   * @internal
   */
  override endProgress(): void {
    this.published.complete();
  }
}
