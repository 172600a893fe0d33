import { Get, Inject, Req, Res } from '@nestjs/common';

import { ACTIVITY_PERIODS, type ActivityPeriod } from '../../operations/activity.js';
import type { RunningLoads } from '../../operations/running-loads.js';
import { CONSOLE_CONTEXT, type ConsoleContext } from '../console-context.js';
import { type Html, html } from '../html/html.js';
import type { Page } from '../html/page.js';
import { panel } from '../html/parts.js';
import { ConsoleResponder } from '../http/console-responder.js';
import { errorNotice, isUnavailable } from '../http/error-page.js';
import { choice, readQuery } from '../http/query.js';
import type { Visit } from '../http/visit.js';
import { activityPart, freshnessPart, periodLinks, rejectsPart, runningPart, schemaPart } from './overview-page.js';

/** What has run, and what needs attention. */
export class OverviewController {
  constructor(
    @Inject(ConsoleResponder) private readonly responder: ConsoleResponder,
    @Inject(CONSOLE_CONTEXT) private readonly context: ConsoleContext,
  ) {}

  // Nest strips one slash at the end; the other one is the route that Fastify takes for a path that ends with a slash.
  @Get(['', '//'])
  async show(@Req() request: object, @Res() response: object): Promise<void> {
    await this.responder.answer(request, response, 0, (visit) => this.page(visit));
  }

  private async page({ query, root }: Visit): Promise<Page> {
    const { period: asked } = readQuery(query, ['period']);
    const period = choice('period', asked, ACTIVITY_PERIODS) ?? '24h';
    // Two questions at a time, each on a connection of the pool.
    const [[activity, running, freshness], [rejects, schema]] = await Promise.all([
      this.loadParts(period, root),
      this.otherParts(root),
    ]);
    return {
      section: 'overview',
      title: 'Overview',
      refreshes: true,
      content: html`${periodLinks(period)}${activity}${running}${freshness}${schema}${rejects}`,
    };
  }

  private async loadParts(period: ActivityPeriod, root: string): Promise<[Html, Html, Html]> {
    const { operations } = this.context;
    const activity = await this.part('Activity', async () => activityPart(await operations.activity(period), root));
    let loads: RunningLoads | undefined;
    const running = await this.part('Running loads', async () => {
      loads = await operations.running();
      return runningPart(loads, root);
    });
    const freshness = await this.part('Freshness of tables', async () =>
      freshnessPart(await operations.freshness(loads), root),
    );
    return [activity, running, freshness];
  }

  private async otherParts(root: string): Promise<[Html, Html]> {
    const { operations } = this.context;
    const rejects = await this.part('Open rejected records', async () =>
      rejectsPart(await operations.rejectsByTableAndReason(), root),
    );
    const schema = await this.part('Schema', async () =>
      schemaPart(await operations.pendingMigrations(), await operations.schemaDifferences(), root),
    );
    return [rejects, schema];
  }

  /** A part that cannot be read does not hide the others, unless the database is away. */
  private async part(heading: string, read: () => Promise<Html>): Promise<Html> {
    try {
      return await read();
    } catch (error) {
      if (isUnavailable(error)) {
        throw error;
      }
      this.responder.logError(error);
      return panel(heading, errorNotice(error));
    }
  }
}
