import { Get, Inject, Req, Res } from '@nestjs/common';

import { ConsoleResponder } from '../http/console-responder.js';
import { assetOf } from './assets.js';

/** The stylesheet, the script and the icon. */
export class AssetsController {
  constructor(@Inject(ConsoleResponder) private readonly responder: ConsoleResponder) {}

  @Get('assets/console.css')
  async stylesheet(@Req() request: object, @Res() response: object): Promise<void> {
    await this.responder.answer(request, response, 2, ({ query }) => assetOf('console.css', query.get('v')));
  }

  @Get('assets/console.js')
  async script(@Req() request: object, @Res() response: object): Promise<void> {
    await this.responder.answer(request, response, 2, ({ query }) => assetOf('console.js', query.get('v')));
  }

  @Get('assets/console.svg')
  async icon(@Req() request: object, @Res() response: object): Promise<void> {
    await this.responder.answer(request, response, 2, ({ query }) => assetOf('console.svg', query.get('v')));
  }
}
