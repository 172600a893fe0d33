import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import helmet from 'helmet';
import { map, type Observable } from 'rxjs';
import request from 'supertest';

import { StorageConsoleModule } from '../../../src/console/index.js';
import { type ConsoleApp, PLATFORMS, startConsole } from '../../support/console/console-app.js';
import { routesOfConsole } from '../../support/console/routes.js';

/** What applications do to all answers: the console's pages are no data. */
class Wrapping implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

/** Not written for the console: it fails, or answers by itself. */
const oddGuard: CanActivate = {
  canActivate(context) {
    const { url } = context.switchToHttp().getRequest<{ url: string }>();
    if (url.includes('period=7d')) {
      throw new Error('the value of a secret');
    }
    if (url.includes('period=30d')) {
      context.switchToHttp().getResponse<{ redirect(path: string): void }>().redirect('/login');
    }
    return false;
  },
};

function prepare(app: INestApplication): void {
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  app.useGlobalInterceptors(new Wrapping());
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
  app.enableCors({ origin: true });
  app.use(helmet());
}

const ROOT = '/api/ops/data';
const ROUTES = routesOfConsole();
const POSTS = ROUTES.filter(({ method }) => method === 'POST');

it('does not start with two consoles at one path', async () => {
  const imports = [StorageConsoleModule.forRoot({ path: '/storage/', guards: 'none', readOnly: true })];
  await expect(startConsole({ platform: 'express', imports })).rejects.toThrow('storage is the path of two consoles');
});

it('has forms', () => {
  expect(POSTS.length).toBeGreaterThan(0);
});

describe.each(PLATFORMS)('the console in an application on %s', (platform) => {
  let console: ConsoleApp;

  beforeAll(async () => {
    console = await startConsole({
      platform,
      prepare,
      console: { path: '/ops/data/', environment: 'staging <1>' },
      imports: [
        StorageConsoleModule.forRoot({ path: 'watch', guards: 'none', readOnly: true }),
        StorageConsoleModule.forRootAsync({ path: 'odd', guards: [oddGuard], useFactory: () => ({}) }),
      ],
    });
  });

  afterAll(() => console.close());

  it('answers every route with 401 and nothing, when the guard does not let in', async () => {
    for (const { method, path } of ROUTES) {
      const visit = request(console.origin)[method === 'GET' ? 'get' : 'post'](`${ROOT}${path}`);
      const { status, text, headers } = await visit.set('sec-fetch-site', 'same-origin');
      expect([path, status, text]).toEqual([path, 401, '']);
      expect(headers['cache-control']).toBe('no-store');
    }
  });

  it.each([{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'https://evil.test' }, {}])(
    'answers a form with the headers %j with 403 and nothing',
    async (headers) => {
      for (const { path } of POSTS) {
        const visit = request(console.origin).post(`${ROOT}${path}`).set('x-operator', 'ada').set(headers);
        const { status, text } = await visit.type('form').send({ table: 'submissions' });
        expect([path, status, text]).toEqual([path, 403, '']);
      }
    },
  );

  it('answers an image of another site with 403 and nothing, and follows a link of it', async () => {
    const from = (mode: string): request.Test =>
      console.get(`${ROOT}/schema`).set('sec-fetch-site', 'cross-site').set('sec-fetch-mode', mode);
    const [image, followed] = [await from('no-cors'), await from('navigate')];
    expect([image.status, image.text, followed.status]).toEqual([403, '', 200]);
  });

  it('answers a body that is no form with 400, and says so', async () => {
    for (const { path } of POSTS) {
      const visit = request(console.origin).post(`${ROOT}${path}`).set('x-operator', 'ada');
      const { status, text } = await visit.set('sec-fetch-site', 'same-origin').send({ records: 5 });
      expect([path, status]).toEqual([path, 400]);
      expect(text).toContain('The form cannot be read.');
    }
  });

  it('answers every form with 405 where it is read-only', async () => {
    for (const { path } of POSTS) {
      const { status, text, headers } = await console.post(`/api/watch${path}`, { table: 'submissions' });
      expect([path, status, text, headers['allow']]).toEqual([path, 405, '', 'GET, HEAD']);
    }
    expect((await request(console.origin).get('/api/watch')).text).toContain('read-only');
  });

  it('tells nothing of a guard that fails, and leaves alone the answer that a guard gave', async () => {
    const failed = await console.get('/api/odd?period=7d');
    expect([failed.status, failed.text]).toEqual([500, '']);
    const redirected = await console.get('/api/odd?period=30d');
    expect([redirected.status, redirected.headers['location']]).toEqual([302, '/login']);
    const denied = await console.get('/api/odd');
    expect([denied.status, denied.text]).toEqual([403, '']);
  });

  it('is below the global prefix, whatever interceptors, pipes and versions there are', async () => {
    const { status, text } = await console.get(`${ROOT}?period=7d`);
    expect([status, text.slice(0, 15)]).toEqual([200, '<!doctype html>']);
    expect(text).toContain('staging &lt;1&gt;');
  });

  it('sets its own security headers', async () => {
    const { headers } = await console.get(ROOT);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
    });
  });

  it.each([
    ['', './data/'],
    ['/', './'],
    ['?period=24h', './data/'],
    ['/loads', './'],
    ['/loads?table=a/b', './'],
    ['/loads/00000000-0000-4000-8000-000000000000', './../'],
  ])('links from %j by %s', async (path, root) => {
    const { text } = await console.get(`${ROOT}${path}`);
    expect(text).toContain(`<a href="${root}loads"`);
    const [, stylesheet = ''] = /<link rel="stylesheet" href="([^"]*)"/.exec(text) ?? [];
    const { pathname, search } = new URL(stylesheet, `${console.origin}${ROOT}${path}`);
    const { headers, type } = await console.get(`${pathname}${search}`);
    expect([type, headers['cache-control']]).toEqual(['text/css', 'private, max-age=31536000, immutable']);
  });

  it('lets no asset be kept whose link is not of this version', async () => {
    const { headers } = await console.get(`${ROOT}/assets/console.js?v=1`);
    expect(headers['cache-control']).toBe('no-store');
  });

  it('answers HEAD', async () => {
    const { status, text } = await request(console.origin).head(ROOT).set('x-operator', 'ada');
    expect([status, text]).toEqual([200, undefined]);
  });
});
