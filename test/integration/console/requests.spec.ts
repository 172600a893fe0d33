import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import helmet from 'helmet';
import { map, type Observable } from 'rxjs';
import request from 'supertest';

import { type ConsoleApp, PLATFORMS, startConsole } from '../../support/console/console-app.js';

/** What applications do to all answers: the console's pages are no data. */
class Wrapping implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

function prepare(app: INestApplication): void {
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  app.useGlobalInterceptors(new Wrapping());
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
  app.enableCors({ origin: true });
  app.use(helmet());
}

describe.each(PLATFORMS)('the console in an application on %s', (platform) => {
  let console: ConsoleApp;

  beforeAll(async () => {
    console = await startConsole({ platform, prepare, console: { path: '/ops/data/', environment: 'staging <1>' } });
  });

  afterAll(() => console.close());

  it('is below the global prefix, whatever interceptors, pipes and versions there are', async () => {
    const { status, text } = await console.get('/api/ops/data?period=7d');
    expect([status, text.slice(0, 15)]).toEqual([200, '<!doctype html>']);
    expect(text).toContain('staging &lt;1&gt;');
  });

  it('sets its own security headers', async () => {
    const { headers } = await console.get('/api/ops/data');
    expect(headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
    });
  });

  it.each([
    ['/api/ops/data', './data/'],
    ['/api/ops/data/', './'],
    ['/api/ops/data?a=/', './data/'],
  ])('links from %s by %s', async (path, root) => {
    const { text } = await console.get(path);
    expect(text).toContain(`<a href="${root}loads"`);
    const [, stylesheet = ''] = /<link rel="stylesheet" href="([^"]*)"/.exec(text) ?? [];
    const { pathname, search } = new URL(stylesheet, `${console.origin}${path}`);
    const { headers, type } = await console.get(`${pathname}${search}`);
    expect([type, headers['cache-control']]).toEqual(['text/css', 'private, max-age=31536000, immutable']);
  });

  it('lets no asset be kept whose link is not of this version', async () => {
    const { headers } = await console.get('/api/ops/data/assets/console.js?v=1');
    expect(headers['cache-control']).toBe('no-store');
  });

  it('answers HEAD', async () => {
    const { status, text } = await request(console.origin).head('/api/ops/data').set('x-operator', 'ada');
    expect([status, text]).toEqual([200, undefined]);
  });
});
