import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { describeFault } from '../../postgres/faults/database-fault.js';
import { setSecurityHeaders } from './security-headers.js';

const INTERNAL_SERVER_ERROR = 500;

/**
 * Answers what guards, interceptors and pipes around the console throw: the status, and an empty body. The pages answer their
 * own errors.
 */
@Catch()
export class EmptyBodyFilter implements ExceptionFilter {
  private readonly logger = new Logger('StorageConsole');

  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<object>();
    const { httpAdapter } = this.host;
    if (!(error instanceof HttpException)) {
      this.logger.error(`A guard or interceptor failed: ${describeFault(error).message}`);
    }
    // A guard may have answered by itself, for example with a redirect to a login page.
    if (!httpAdapter.isHeadersSent(response)) {
      setSecurityHeaders(httpAdapter, response);
      httpAdapter.reply(response, '', error instanceof HttpException ? error.getStatus() : INTERNAL_SERVER_ERROR);
    }
  }
}
