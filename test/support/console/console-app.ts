import { type CanActivate, type ExecutionContext, type INestApplication, UnauthorizedException } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import request from 'supertest';

import { StorageConsoleModule, type StorageConsoleOptions } from '../../../src/console/index.js';
import { initStorageApp, type StorageApp } from '../app/storage-app.js';
import { StorageTestingModule } from '../../../src/testing/index.js';

export const PLATFORMS = ['express', 'fastify'] as const;

type Platform = (typeof PLATFORMS)[number];

/** An application that serves a console on a database of its own. */
export interface ConsoleApp extends StorageApp {
  readonly app: INestApplication;
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** A GET by somebody whom the guard lets in. */
  get(path: string): request.Test;
  /** A form of one of the console's own pages. */
  post(path: string, fields?: Readonly<Record<string, string>>): request.Test;
}

export interface ConsoleAppOptions {
  readonly platform: Platform;
  readonly console?: Partial<StorageConsoleOptions> | undefined;
  /** Sets up the application before it starts. */
  readonly prepare?: ((app: INestApplication) => void) | undefined;
  readonly imports?: Parameters<typeof Test.createTestingModule>[0]['imports'];
}

/** Lets in whoever names an operator in a header. */
class OperatorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const visitor = context.switchToHttp().getRequest<{ headers: Record<string, string>; user?: object }>();
    const name = visitor.headers['x-operator'];
    if (name === undefined) {
      throw new UnauthorizedException('Who are you?');
    }
    visitor.user = { username: name };
    return true;
  }
}

export async function startConsole(options: ConsoleAppOptions): Promise<ConsoleApp> {
  const module = await Test.createTestingModule({
    imports: [
      StorageTestingModule.forRoot(),
      StorageConsoleModule.forRoot({ guards: [OperatorGuard], ...options.console }),
      ...(options.imports ?? []),
    ],
  }).compile();
  const app =
    options.platform === 'express'
      ? module.createNestApplication({ logger: false })
      : module.createNestApplication(new FastifyAdapter(), { logger: false });
  options.prepare?.(app);
  await app.listen(0, '127.0.0.1');
  const origin = await app.getUrl();
  return {
    ...(await initStorageApp(module)),
    app,
    origin,
    get: (path) => request(origin).get(path).set('x-operator', 'ada'),
    post: (path, fields = {}) =>
      request(origin)
        .post(path)
        .set('x-operator', 'ada')
        .set('sec-fetch-site', 'same-origin')
        .type('form')
        .send(fields),
    close: () => app.close(),
  };
}
