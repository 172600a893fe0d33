import type { Writable } from 'node:stream';

import { Inject, Injectable, Logger, StreamableFile } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { visibleInLine } from '../../errors/visible.js';
import { describeFault } from '../../postgres/faults/database-fault.js';
import { databaseOfConnection } from '../../postgres/typeorm-adapter.js';
import { CONSOLE_CONTEXT, type ConsoleContext } from '../console-context.js';
import { layout } from '../html/layout.js';
import type { Asset, Download, Page } from '../html/page.js';
import { errorPage } from './error-page.js';
import { setSecurityHeaders } from './security-headers.js';
import { type HttpRequest, type Visit, visitOf } from './visit.js';

const OK = 200;
const INTERNAL_SERVER_ERROR = 500;

/**
 * Writes the answers of the console by itself, on Express and Fastify: interceptors of the application that wrap what
 * handlers return do not reach them.
 */
@Injectable()
export class ConsoleResponder {
  private readonly logger = new Logger('StorageConsole');

  constructor(
    @Inject(CONSOLE_CONTEXT) private readonly context: ConsoleContext,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /**
   * Answers a request with what `handle` makes of it; its errors are pages, too.
   * @param depth - segments of the route below the path of the console: 2 for `loads/:id`
   */
  async answer(
    request: object,
    response: object,
    depth: number,
    handle: (visit: Visit) => Page | Asset | Download | Promise<Page | Asset | Download>,
  ): Promise<void> {
    const url = String(this.host.httpAdapter.getRequestUrl(request));
    const visit = visitOf(request as HttpRequest, url, depth);
    let answer: Page | Asset | Download;
    try {
      answer = await handle(visit);
    } catch (error) {
      const page = errorPage(error);
      if (page.status >= INTERNAL_SERVER_ERROR) {
        this.logError(error);
      }
      answer = page;
    }
    setSecurityHeaders(this.host.httpAdapter, response);
    if ('content' in answer) {
      this.sendPage(response, visit, answer);
    } else if ('text' in answer) {
      this.sendAsset(response, answer);
    } else {
      this.sendDownload(response as Writable, answer);
    }
  }

  /** Logs who did what. `what` holds no values of records. */
  logAction({ user }: Visit, what: string): void {
    this.logger.log(visibleInLine(`${what}, by ${user}`));
  }

  /** Logs an error of which a page tells only the code. */
  logError(error: unknown): void {
    this.logger.error(`A page has failed: ${describeFault(error, 'schema').message}`);
  }

  private sendPage(response: object, { root }: Visit, page: Page): void {
    const { settings, dataSource } = this.context;
    const document = layout(page, {
      root,
      environment: settings.environment,
      database: databaseOfConnection(dataSource),
      isReadOnly: settings.readOnly,
    });
    this.setHeader(response, 'Content-Type', 'text/html; charset=utf-8');
    this.host.httpAdapter.reply(response, document.toString(), page.status ?? OK);
  }

  private sendAsset(response: object, { type, text, isImmutable }: Asset): void {
    this.setHeader(response, 'Content-Type', type);
    if (isImmutable) {
      this.setHeader(response, 'Cache-Control', 'private, max-age=31536000, immutable');
    }
    this.host.httpAdapter.reply(response, text, OK);
  }

  private sendDownload(response: Writable, { type, fileName, stream }: Download): void {
    const name = fileName.replaceAll(/[^\w.-]/g, '_');
    const file = new StreamableFile(stream, { type, disposition: `attachment; filename="${name}"` });
    // Nest 11 would end the response, so that a file that was cut looked complete.
    file.setErrorHandler((error) => {
      this.logError(error);
      response.destroy();
    });
    this.host.httpAdapter.reply(response, file, OK);
  }

  private setHeader(response: object, name: string, value: string): void {
    this.host.httpAdapter.setHeader(response, name, value);
  }
}
