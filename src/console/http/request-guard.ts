import { type CanActivate, type ExecutionContext, HttpException, Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { CONSOLE_CONTEXT, type ConsoleContext } from '../console-context.js';
import { type HttpRequest, isSameOrigin } from './visit.js';

/** After the guards of the application: forms only from the console's own pages, none under `readOnly`, and no parts of other sites. */
@Injectable()
export class RequestGuard implements CanActivate {
  constructor(
    @Inject(CONSOLE_CONTEXT) private readonly context: ConsoleContext,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    const method: unknown = this.host.httpAdapter.getRequestMethod(request);
    if (method === 'GET' || method === 'HEAD') {
      // A link on another site may lead here; an image of another site may not make the database work.
      const { 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers;
      return site !== 'cross-site' || mode === 'navigate';
    }
    if (this.context.settings.readOnly) {
      this.host.httpAdapter.setHeader(http.getResponse(), 'Allow', 'GET, HEAD');
      throw new HttpException('read-only', 405);
    }
    return isSameOrigin(request);
  }
}
