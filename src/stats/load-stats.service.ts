import { type Observable, Subject } from 'rxjs';

import type { LoadProgress } from './load-progress.js';
import { LoadStats } from './load-stats.js';

/** Statistics, history and progress of loads. */
export class LoadStatsService extends LoadStats {
  private readonly progress = new Subject<LoadProgress>();

  /**
   * Progress of the loads of this process: after each batch, before each retry, and at the end of each load. Completes when
   * the application shuts down, before the HTTP server waits for open connections.
   */
  readonly progress$: Observable<LoadProgress> = this.progress.asObservable();

  /** @internal */
  override publish(progress: LoadProgress): void {
    this.progress.next(progress);
  }

  /**
   * Completes `progress$`, when all loads have published their ends.
   * @internal
   */
  override endProgress(): void {
    this.progress.complete();
  }
}
