import { Get, Inject, Post, Req, Res } from '@nestjs/common';

import { StorageError } from '../../errors/index.js';
import { httpStatusOf } from '../../module/storage-exception.filter.js';
import { CONSOLE_CONTEXT, type ConsoleContext } from '../console-context.js';
import type { Page } from '../html/page.js';
import { ConsoleResponder } from '../http/console-responder.js';
import { PageError } from '../http/page-error.js';
import type { Visit } from '../http/visit.js';
import { purgePreview, purgeResultPage, replayFailedPage, replayPreview, replayResultPage } from './action-pages.js';
import { confirmed, freeze } from './confirmed.js';
import { exportOf } from './export.js';
import { filterOf, inWords, isChosen, readRejectQuery, type RejectQuery } from './reject-query.js';

/** Replay, export and purge of exactly the records of a filter. Its routes come before `rejects/:id`. */
export class RejectActionsController {
  constructor(
    @Inject(ConsoleResponder) private readonly responder: ConsoleResponder,
    @Inject(CONSOLE_CONTEXT) private readonly context: ConsoleContext,
  ) {}

  @Get('rejects/replay')
  async previewReplay(@Req() request: object, @Res() response: object): Promise<void> {
    await this.answer(request, response, 'Replay rejected records', async ({ root, query }) => {
      this.checkWritable();
      const of = openOnly(readRejectQuery(query));
      return { content: replayPreview({ root, ...(await freeze(this.context.operations, of)) }) };
    });
  }

  @Post('rejects/replay')
  async replay(@Req() request: object, @Res() response: object): Promise<void> {
    await this.answer(request, response, 'Replayed rejected records', async (visit) => {
      const { operations, quarantine } = this.context;
      const { query, records } = await confirmed(operations, visit.form());
      const { replayed: _, ...filter } = filterOf(openOnly(query));
      const what = `rejected records (${inWords(query)})`;
      this.responder.logAction(visit, `replays ${records} ${what}`);
      try {
        const result = await quarantine.replay(filter);
        const { received, loaded, skipped, rejected } = result;
        const counts = `received ${received}, loaded ${loaded}, skipped ${skipped}, rejected again ${rejected}`;
        this.responder.logAction(visit, `replayed ${what}: ${counts}`);
        return { content: replayResultPage(visit.root, query, result) };
      } catch (error) {
        if (!(error instanceof StorageError)) {
          throw error;
        }
        this.responder.logAction(visit, `failed to replay ${what}: ${error.code}`);
        const content = replayFailedPage(visit.root, query, error);
        return { title: 'The replay failed', status: httpStatusOf(error), content };
      }
    });
  }

  @Get('rejects/purge')
  async previewPurge(@Req() request: object, @Res() response: object): Promise<void> {
    await this.answer(request, response, 'Purge rejected records', async ({ root, query }) => {
      this.checkWritable();
      const { operations } = this.context;
      const frozen = await freeze(operations, chosenOnly(readRejectQuery(query)));
      const { state } = frozen.query;
      const open =
        state === 'any' ? await operations.countRejects({ ...filterOf(frozen.query), replayed: false }) : undefined;
      return { content: purgePreview({ root, ...frozen }, open ?? (state === 'open' ? frozen.records : 0)) };
    });
  }

  @Post('rejects/purge')
  async purge(@Req() request: object, @Res() response: object): Promise<void> {
    await this.answer(request, response, 'Purged rejected records', async (visit) => {
      const { operations, quarantine } = this.context;
      const form = visit.form();
      const { query, records } = await confirmed(operations, form, ['confirm']);
      if (form.get('confirm') !== String(records)) {
        throw new PageError(400, 'Nothing was deleted: tick the box that confirms the number of records.');
      }
      const which = `(${inWords(query)})`;
      // Before, too: who it was is known even if the process ends meanwhile.
      this.responder.logAction(visit, `purges ${records} rejected records ${which}`);
      const result = await quarantine.purge(filterOf(query), { expected: records });
      const { purged, open } = result;
      this.responder.logAction(visit, `purged ${purged} rejected records, ${open} of them open ${which}`);
      return { content: purgeResultPage(visit.root, result) };
    });
  }

  @Get('rejects/export')
  async export(@Req() request: object, @Res() response: object): Promise<void> {
    await this.responder.answer(request, response, 2, (visit) => exportOf(this.context, this.responder, visit));
  }

  private async answer(
    request: object,
    response: object,
    title: string,
    handle: (visit: Visit) => Promise<Partial<Page> & Pick<Page, 'content'>>,
  ): Promise<void> {
    await this.responder.answer(request, response, 2, async (visit) => ({
      section: 'rejects',
      title,
      ...(await handle(visit)),
    }));
  }

  /** The form of a preview would be answered with 405. */
  private checkWritable(): void {
    if (this.context.settings.readOnly) {
      throw new PageError(403, 'The console is read-only: it neither replays nor purges rejected records.');
    }
  }
}

function openOnly(query: RejectQuery): RejectQuery {
  if (query.state !== 'open') {
    throw new PageError(400, 'Only open records can be replayed: choose the state open.');
  }
  return query;
}

function chosenOnly(query: RejectQuery): RejectQuery {
  if (!isChosen(query)) {
    throw new PageError(400, 'A purge needs a filter: choose a table, a reason, a load, a time, or replayed records.');
  }
  return query;
}
