import type { ServerResponse } from 'node:http';

import { type ArgumentsHost, Catch, HttpStatus, UnprocessableEntityException } from '@nestjs/common';
import { RecordRejectedError, StorageError, StorageExceptionFilter } from 'harbor-storage';

const RETRY_AFTER_SECONDS = 1;

/** The answers of StorageExceptionFilter, and for a client that came when nothing could be stored: when to come again. */
@Catch(StorageError)
export class StorageErrorsFilter extends StorageExceptionFilter {
  override catch(error: StorageError, host: ArgumentsHost): void {
    if (error.code === 'BUFFER_FULL' || error.code === 'BUFFER_CLOSED') {
      host.switchToHttp().getResponse<ServerResponse>().setHeader('Retry-After', RETRY_AFTER_SECONDS);
    }
    super.catch(error, host);
  }
}

/** The answer to a record that was rejected. It is in quarantine. */
export function rejectedResponse({ code, reason, column, message }: RecordRejectedError): UnprocessableEntityException {
  return new UnprocessableEntityException({
    statusCode: HttpStatus.UNPROCESSABLE_ENTITY,
    code,
    reason,
    column,
    message,
  });
}
