import { Get, Inject, Req, Res } from '@nestjs/common';

import {
  HistoryPeriodEntity,
  HYBRID,
  LoadBatchEntity,
  LoadEntity,
  LoadShardEntity,
  type LoadStatus,
  RejectedRecordEntity,
} from '../../entities/index.js';
import type { HistoryFilter } from '../../stats/history-filter.js';
import { CONSOLE_CONTEXT, type ConsoleContext } from '../console-context.js';
import type { Page } from '../html/page.js';
import { ConsoleResponder } from '../http/console-responder.js';
import { PageError } from '../http/page-error.js';
import { choice, id, moment, readQuery, wholeNumber } from '../http/query.js';
import type { Visit } from '../http/visit.js';
import { loadPage } from './load-page.js';
import { FILTER_FIELDS, loadsPage } from './loads-page.js';

const STATUSES: readonly LoadStatus[] = ['running', 'completed', 'failed', 'interrupted'];
/** Entities that no load is into. */
const KEPT_BY_LOADS = new Set<unknown>([
  LoadEntity,
  LoadBatchEntity,
  LoadShardEntity,
  RejectedRecordEntity,
  HistoryPeriodEntity,
]);
const LOADS_A_PAGE = 50;
const BATCHES_A_PAGE = 100;

/** The history of loads. */
export class LoadsController {
  constructor(
    @Inject(ConsoleResponder) private readonly responder: ConsoleResponder,
    @Inject(CONSOLE_CONTEXT) private readonly context: ConsoleContext,
  ) {}

  @Get('loads')
  async list(@Req() request: object, @Res() response: object): Promise<void> {
    await this.responder.answer(request, response, 1, (visit) => this.listPage(visit));
  }

  @Get('loads/:id')
  async show(@Req() request: object, @Res() response: object): Promise<void> {
    await this.responder.answer(request, response, 2, (visit) => this.onePage(visit));
  }

  private async listPage({ query, root }: Visit): Promise<Page> {
    const { after, before, ...given } = readQuery(query, [...FILTER_FIELDS, 'after', 'before']);
    const filter: HistoryFilter = {
      table: given.table,
      status: choice('status', given.status, STATUSES),
      source: given.source,
      loadKey: given.loadKey,
      startedFrom: moment('from', given.from),
      startedUntil: moment('to', given.to),
      limit: LOADS_A_PAGE,
      after: id('after', after),
      before: id('before', before),
    };
    const page = await this.context.operations.loads(filter);
    return loadsPage(page, given, { root, statuses: STATUSES, tables: this.tableNames() });
  }

  private async onePage(visit: Visit): Promise<Page> {
    const { batch } = readQuery(visit.query, ['batch']);
    const { operations } = this.context;
    const load = await operations.load(id('load', visit.param('id')));
    if (load === null) {
      throw new PageError(404, 'The history has no load with this id. It may have been purged.');
    }
    const first = wholeNumber('batch', batch) ?? 0;
    return loadPage({
      load,
      root: visit.root,
      timeline: await operations.timeline(load),
      batches: await operations.batches(load, { limit: BATCHES_A_PAGE, after: first - 1 }),
      firstBatch: first,
      shards: await operations.shards(load),
      rejects: await operations.rejectsByTableAndReason({ loadId: load.loadId, replayed: 'any' }),
    });
  }

  /** Tables to propose: those of entities. A combined load has a name of its own. */
  private tableNames(): readonly string[] {
    const names = this.context.dataSource.entityMetadatas
      .filter(({ target, tableType }) => tableType === 'regular' && !KEPT_BY_LOADS.has(target))
      .map(({ tableName }) => tableName);
    return [...new Set([...names, HYBRID])].toSorted();
  }
}
