import { Injectable, type MessageEvent, NotFoundException } from '@nestjs/common';
import { type HistoryEntry, type LoadProgress, LoadStatsService } from 'harbor-storage';
import { from, map, merge, type Observable, share, takeUntil, takeWhile } from 'rxjs';

import type { LoadsQuery } from './loads.dto.js';

/** Newest first. */
export interface LoadsPage {
  readonly items: HistoryEntry[];
  /** Give it as `after` for the page that follows; null on the last one. */
  readonly next: string | null;
}

/** What an event tells: common to a load that runs and to one that has ended. */
export type ProgressEvent = Pick<
  LoadProgress,
  'loadId' | 'table' | 'status' | 'received' | 'loaded' | 'rejected' | 'failed'
>;

@Injectable()
export class LoadsService {
  constructor(private readonly stats: LoadStatsService) {}

  async list({ limit, ...filter }: LoadsQuery): Promise<LoadsPage> {
    const found = await this.stats.history({ ...filter, limit: limit + 1 });
    const items = found.slice(0, limit);
    return { items, next: found.length > limit ? (items.at(-1)?.loadId ?? null) : null };
  }

  async get(id: string): Promise<HistoryEntry> {
    const load = await this.stats.findLoad(id);
    if (load === null) {
      throw new NotFoundException();
    }
    return load;
  }

  /** Begins with the load as it is, follows it batch by batch, and ends when it ends. Loads of other processes are not followed. */
  async progress(id: string): Promise<Observable<MessageEvent>> {
    await this.get(id);
    const live = this.stats.progress({ loadId: id }).pipe(map(eventOf), share());
    // Read after `live` is subscribed to, so that an end in between is not missed; of no use once `live` has told more.
    const stored = from(
      (async function* (service: LoadsService) {
        yield storedEventOf(await service.get(id));
      })(this),
    ).pipe(takeUntil(live));
    return merge(live, stored).pipe(
      takeWhile(({ status }) => status === 'running' || status === 'retrying', true),
      map((data) => ({ data })),
    );
  }
}

function eventOf({ loadId, table, status, received, loaded, rejected, failed }: LoadProgress): ProgressEvent {
  return { loadId, table, status, received, loaded, rejected, failed };
}

function storedEventOf(load: HistoryEntry): ProgressEvent {
  const { loadId, table, status, received, stored, inserted, updated, unchanged, deleted, duplicates } = load;
  const loaded = (stored ?? inserted + updated + unchanged) + deleted + duplicates;
  return { loadId, table, status, received, loaded, rejected: load.rejected, failed: load.failed };
}
