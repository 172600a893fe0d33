import { EventEmitter } from 'node:events';

import { Controller, Get, type INestApplication, Module, Param } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import {
  InvalidLoadError,
  LoadFailedError,
  RecordRejectedError,
  StorageError,
  StorageExceptionFilter,
} from '../../../src/index.js';

const failedBy = (cause: Error) =>
  new LoadFailedError('it was rolled back', {} as LoadFailedError['result'], { cause });
const sqlError = (code: string) => Object.assign(new Error(code), { code });

const ERRORS: Readonly<Record<string, Error>> = {
  invalid: new InvalidLoadError('batchSize must be an integer'),
  limit: new StorageError('REJECT_LIMIT_EXCEEDED', 'more than 5 records were rejected'),
  busy: new StorageError('LOAD_KEY_BUSY', 'another load has this key'),
  missing: new StorageError('REJECT_NOT_FOUND', 'no such record'),
  full: new StorageError('BUFFER_FULL', 'the buffer holds 5 records'),
  closed: new StorageError('BUFFER_CLOSED', 'the buffer is closed'),
  rejected: new RecordRejectedError('wrong_type', 'n', 'expected an integer'),
  shutdown: new StorageError('SHUT_DOWN', 'the application ends'),
  deadlock: failedBy(sqlError('40P01')),
  disk: failedBy(sqlError('53100')),
  damaged: failedBy(new StorageError('SOURCE_UNREADABLE', 'the gzip data is damaged')),
  schema: new StorageError('SCHEMA_MISMATCH', 'column "a" is missing'),
  other: new Error('not ours'),
};

@Controller()
class FailingController {
  @Get(':name')
  fail(@Param('name') name: string): never {
    throw ERRORS[name] as Error;
  }
}

@Module({ controllers: [FailingController], providers: [{ provide: APP_FILTER, useClass: StorageExceptionFilter }] })
class FailingModule {}

describe('StorageExceptionFilter', () => {
  let app: INestApplication;
  let url: string;
  const logged: unknown[][] = [];
  beforeAll(async () => {
    const module = await Test.createTestingModule({ imports: [FailingModule] }).compile();
    app = module.createNestApplication();
    const log = (...line: unknown[]) => logged.push(line);
    app.useLogger({ log: () => {}, warn: log, error: log });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(() => app.close());

  it.each([
    ['invalid', 400, 'INVALID_LOAD', 'batchSize must be an integer'],
    ['limit', 422, 'REJECT_LIMIT_EXCEEDED', 'more than 5 records were rejected'],
    ['busy', 409, 'LOAD_KEY_BUSY', 'another load has this key'],
    ['missing', 404, 'REJECT_NOT_FOUND', 'no such record'],
    ['full', 503, 'BUFFER_FULL', 'Service unavailable'],
    ['closed', 503, 'BUFFER_CLOSED', 'Service unavailable'],
    ['rejected', 422, 'RECORD_REJECTED', 'The record was rejected (column n): expected an integer'],
    ['shutdown', 503, 'SHUT_DOWN', 'Service unavailable'],
    ['deadlock', 503, 'LOAD_FAILED', 'Service unavailable'],
    ['disk', 500, 'LOAD_FAILED', 'Internal server error'],
    ['damaged', 400, 'LOAD_FAILED', 'it was rolled back'],
    ['schema', 500, 'SCHEMA_MISMATCH', 'Internal server error'],
  ])('answers %s by %i', async (name, statusCode, code, message) => {
    logged.length = 0;
    const response = await fetch(`${url}/${name}`);
    expect(response.status).toBe(statusCode);
    expect(await response.json()).toEqual({ statusCode, code, message });
    expect(logged.map(([line]) => line)).toEqual(statusCode < 500 ? [] : [`${code}: ${ERRORS[name]?.message}`]);
  });

  it('leaves other errors to the application', async () => {
    const response = await fetch(`${url}/other`);
    expect(await response.json()).toEqual({ statusCode: 500, message: 'Internal server error' });
  });

  it.each(['rpc', 'graphql'])('returns nothing for %s, so that the filter of Nest follows', (type) => {
    const host = new ExecutionContextHost([]);
    host.setType(type);
    expect(new StorageExceptionFilter().catch(ERRORS['busy'] as StorageError, host)).toBeUndefined();
  });

  it.each([
    ['invalid', 'batchSize must be an integer'],
    ['schema', 'Internal server error'],
  ])('tells the client of a WebSocket of %s', (name, message) => {
    const told: unknown[] = [];
    const ofSocketIo = new EventEmitter().on('exception', (data: unknown) => told.push({ event: 'exception', data }));
    const native = Object.assign(new EventEmitter(), {
      readyState: 1,
      send: (text: string) => told.push(JSON.parse(text)),
    });
    const error = ERRORS[name] as StorageError;
    for (const client of [ofSocketIo, native]) {
      const host = new ExecutionContextHost([client, {}, 'store']);
      host.setType('ws');
      new StorageExceptionFilter().catch(error, host);
    }
    const sent = { event: 'exception', data: { status: 'error', code: error.code, message } };
    expect(told).toEqual([sent, sent]);
  });
});
