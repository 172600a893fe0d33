import { Get, Inject, Req, Res } from '@nestjs/common';

import { CONSOLE_CONTEXT, type ConsoleContext } from '../console-context.js';
import { html } from '../html/html.js';
import { ConsoleResponder } from '../http/console-responder.js';

/** What has run, and what needs attention. */
export class OverviewController {
  constructor(
    @Inject(ConsoleResponder) private readonly responder: ConsoleResponder,
    @Inject(CONSOLE_CONTEXT) private readonly context: ConsoleContext,
  ) {}

  // Nest strips one slash at the end; the other one is the route that Fastify takes for a path that ends with a slash.
  @Get(['', '//'])
  async show(@Req() request: object, @Res() response: object): Promise<void> {
    await this.responder.answer(request, response, 0, async () => {
      const running = await this.context.stats.history({ status: 'running' });
      return {
        section: 'overview',
        title: 'Overview',
        content: html`<p>${running.length} running loads</p>`,
      };
    });
  }
}
