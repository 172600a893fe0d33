import { Get, Inject, Req, Res } from '@nestjs/common';
import { Readable } from 'node:stream';

import type { QuarantinedRecord } from '../../quarantine/quarantined-record.js';
import { CONSOLE_CONTEXT, type ConsoleContext } from '../console-context.js';
import type { Download, Page } from '../html/page.js';
import { html } from '../html/html.js';
import { ConsoleResponder } from '../http/console-responder.js';
import { PageError } from '../http/page-error.js';
import type { Visit } from '../http/visit.js';
import { MOST_SHOWN, showRecord } from './record-content.js';
import { rejectPage } from './reject-page.js';
import { filterOf, readRejectQuery } from './reject-query.js';
import { PAGE_SIZE, rejectsPage } from './rejects-page.js';
import { tablesSeen } from './tables-seen.js';

const FILE_TYPES = { jsonl: 'json', json: 'json', csv: 'csv' } as const;

/** The rejected records: the list, one of them, and its content. */
export class RejectsController {
  constructor(
    @Inject(ConsoleResponder) private readonly responder: ConsoleResponder,
    @Inject(CONSOLE_CONTEXT) private readonly context: ConsoleContext,
  ) {}

  @Get('rejects')
  async list(@Req() request: object, @Res() response: object): Promise<void> {
    await this.responder.answer(request, response, 1, async (visit) => {
      const { operations, settings } = this.context;
      const query = readRejectQuery(visit.query, ['after']);
      const filter = filterOf(query);
      const after = visit.query.get('after') || undefined;
      // One after the other: a page takes one connection of the pool at a time.
      const groups = await operations.rejectsByTableAndReason(filter);
      const records = await operations.rejects({ ...filter, limit: PAGE_SIZE + 1, after });
      const seen = await tablesSeen(this.context, visit, records);
      return {
        section: 'rejects',
        title: 'Rejected records',
        content: rejectsPage({
          root: visit.root,
          query,
          groups,
          records,
          isLater: after !== undefined,
          isReadOnly: settings.readOnly,
          canSee: (table) => seen.has(table),
        }),
      };
    });
  }

  @Get('rejects/:id')
  async show(@Req() request: object, @Res() response: object): Promise<void> {
    await this.responder.answer(request, response, 2, async (visit) => {
      const { operations } = this.context;
      const record = await this.find(visit);
      const load = await operations.load(record.loadId);
      const seen = await tablesSeen(this.context, visit, [record]);
      return {
        section: 'rejects',
        title: 'Rejected record',
        content: rejectPage({ root: visit.root, record, canSee: seen.has(record.table), hasLoad: load !== null }),
      };
    });
  }

  @Get('rejects/:id/content')
  async content(@Req() request: object, @Res() response: object): Promise<void> {
    await this.responder.answer(request, response, 3, async (visit): Promise<Page | Download> => {
      const { operations, dataSource } = this.context;
      const { id, table } = await this.find(visit);
      const seen = await tablesSeen(this.context, visit, [{ table }]);
      if (!seen.has(table)) {
        throw new PageError(403, 'You may not see the content of the rejected records of this table.');
      }
      const isWhole = visit.query.has('download');
      const record = await operations.reject(id, isWhole ? Infinity : MOST_SHOWN);
      if (record?.raw === undefined) {
        throw notFound();
      }
      const whole = { ...record, raw: record.raw };
      this.responder.logAction(
        visit,
        `${isWhole ? 'downloaded' : 'saw'} rejected record ${id} of table ${JSON.stringify(table)}`,
      );
      if (isWhole) {
        const extension =
          record.reading === null || record.reading === undefined ? 'json' : FILE_TYPES[record.reading.format];
        return {
          type: 'application/octet-stream',
          fileName: `rejected-${id}.${extension}`,
          stream: Readable.from([whole.raw], { objectMode: false }),
        };
      }
      return {
        section: 'rejects',
        title: 'Content of a rejected record',
        content: html`${showRecord(dataSource, whole)}
          <p class="actions">
            <a class="button" href="${visit.root}rejects/${id}/content?download=1">Download all</a>
            <a href="${visit.root}rejects/${id}">Back to the record</a>
          </p>`,
      };
    });
  }

  /** Without its content. */
  private async find(visit: Visit): Promise<QuarantinedRecord> {
    const record = await this.context.operations.reject(visit.param('id'), 0);
    if (record === null) {
      throw notFound();
    }
    return record;
  }
}

function notFound(): PageError {
  return new PageError(404, 'No rejected record has this id. It may have been purged.');
}
