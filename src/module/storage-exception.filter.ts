import { type ArgumentsHost, Catch, HttpException, HttpStatus, Logger } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';

import { StorageError, type StorageErrorCode } from '../errors/index.js';
import { isTransient } from '../postgres/faults/sqlstate.js';

const { BAD_REQUEST, CONFLICT, INTERNAL_SERVER_ERROR, NOT_FOUND, SERVICE_UNAVAILABLE, UNPROCESSABLE_ENTITY } =
  HttpStatus;

/** Other errors are the server's own. */
const STATUS: Readonly<Partial<Record<StorageErrorCode, HttpStatus>>> = {
  BUFFER_CLOSED: SERVICE_UNAVAILABLE,
  BUFFER_FULL: SERVICE_UNAVAILABLE,
  CONNECTION_FAILED: SERVICE_UNAVAILABLE,
  INVALID_FILTER: BAD_REQUEST,
  INVALID_LOAD: BAD_REQUEST,
  LOAD_INTERRUPTED: SERVICE_UNAVAILABLE,
  LOAD_KEY_BUSY: CONFLICT,
  LOAD_NOT_FOUND: NOT_FOUND,
  LOAD_TAKEN_OVER: CONFLICT,
  RECORD_REJECTED: UNPROCESSABLE_ENTITY,
  REJECT_LIMIT_EXCEEDED: UNPROCESSABLE_ENTITY,
  REJECT_NOT_FOUND: NOT_FOUND,
  REJECTS_CHANGED: CONFLICT,
  SHUT_DOWN: SERVICE_UNAVAILABLE,
  SOURCE_CHANGED: CONFLICT,
  SOURCE_UNREADABLE: BAD_REQUEST,
  UNKNOWN_ENCODING: BAD_REQUEST,
};

/**
 * Answers an HTTP request that ended with a StorageError: the status that fits it, and a body of `statusCode`, `code` and
 * `message`. The message of an error from 500 on goes to the log only. A WebSocket client gets `code` and `message`
 * as the event `exception`. In other contexts (microservices, GraphQL) it passes the error on to Nest.
 * @example
 * providers: [{ provide: APP_FILTER, useClass: StorageExceptionFilter }]
 */
@Catch(StorageError)
export class StorageExceptionFilter extends BaseExceptionFilter<Error> {
  private readonly logger = new Logger(StorageExceptionFilter.name);

  override catch(error: StorageError, host: ArgumentsHost): void {
    const context = host.getType();
    if (context !== 'http' && context !== 'ws') {
      // Nest's own filter follows where this one returns nothing. A throw would end the process of a microservice.
      return;
    }
    const status = httpStatusOf(error);
    const { code } = error;
    const isOwn = status >= INTERNAL_SERVER_ERROR;
    if (isOwn) {
      this.logger.error(`${code}: ${error.message}`, error.stack);
    }
    const shown = status === SERVICE_UNAVAILABLE ? 'Service unavailable' : 'Internal server error';
    const message = isOwn ? shown : error.message;
    if (context === 'ws') {
      // Of a WebSocket, a filter has the last word.
      tell(host.switchToWs().getClient(), { status: 'error', code, message });
      return;
    }
    const body = { statusCode: status, code, message };
    super.catch(new HttpException(body, status, { cause: error }), host);
  }
}

/** A client of Socket.IO, or a native WebSocket, whose `emit` tells this side only. */
type WebSocketClient =
  | { readonly readyState: number; send(text: string): void }
  | { readonly readyState?: undefined; emit(event: string, data: object): void };

function tell(client: WebSocketClient, data: object): void {
  if (client.readyState === undefined) {
    client.emit('exception', data);
  } else {
    client.send(JSON.stringify({ event: 'exception', data }));
  }
}

/** The HTTP status that fits an error. */
export function httpStatusOf({ code, cause }: StorageError): HttpStatus {
  const status = STATUS[code];
  if (status !== undefined) {
    return status;
  }
  if (cause instanceof StorageError) {
    return httpStatusOf(cause);
  }
  return isTransient(cause) ? SERVICE_UNAVAILABLE : INTERNAL_SERVER_ERROR;
}
