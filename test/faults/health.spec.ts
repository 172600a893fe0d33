import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Inject } from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import request from 'supertest';

import { StorageHealthIndicator, StorageHealthModule } from '../../src/health/index.js';
import { type StorageApp, startStorageAppAt } from '../support/app/storage-app.js';
import { startStoppableServer, type StoppableServer } from '../support/database/stoppable-server.js';

const TIMEOUT_MS = 1_000;

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(StorageHealthIndicator) private readonly storage: StorageHealthIndicator,
  ) {}

  @Get()
  check() {
    return this.health.check([() => this.storage.check()]);
  }
}

class HealthOfTest {}

/** What a load balancer sees of a server that stops, hangs and comes back. */
describe('the health URL', () => {
  let server: StoppableServer;
  let app: StorageApp;
  let http: INestApplication;
  beforeAll(async () => {
    server = await startStoppableServer();
    const health = StorageHealthModule.forRoot({
      timeoutMs: TIMEOUT_MS,
      maxOpenRejects: 0,
      stalledAfterMs: 60_000,
      maxAge: { submissions: 60_000 },
    });
    const imports = [TerminusModule.forRoot({ logger: false }), health];
    app = await startStorageAppAt(server.url, { migrations: 'run', poolSize: 4 }, [
      { module: HealthOfTest, imports, controllers: [HealthController] },
    ]);
    http = app.module.createNestApplication();
    await http.init();
    await app.profiles.store([{ submission_id: 't3_a' }]);
  });
  afterAll(async () => {
    await app.close();
    await server.close();
  });

  async function ask(): Promise<[number, unknown]> {
    const { status, body } = await request(http.getHttpServer()).get('/health');
    return [status, body.details.storage];
  }
  const up = [200, { status: 'up' }];
  const down = [503, { status: 'down', problems: [{ cause: 'connection', message: expect.any(String) }] }];

  it.each(['fast', 'immediate'] as const)('is 503 when Postgres stops (%s), and 200 when it is back', async (mode) => {
    expect(await ask()).toEqual(up);
    await server.stop(mode);
    expect(await ask()).toEqual(down);
    expect(await ask()).toEqual(down);
    await server.start();
    expect(await ask()).toEqual(up);
  });

  it('is 503 while Postgres says nothing, for each of many requests, and 200 when it answers again', async () => {
    expect(await ask()).toEqual(up);
    server.proxy.swallow();
    // More than the pool has connections: each gets an answer, and the checks leave no connection in use.
    for (let round = 0; round < 6; round += 1) {
      expect(await Promise.all([ask(), ask()])).toEqual([down, down]);
    }
    server.proxy.cut();
    await server.proxy.restore();
    expect(await ask()).toEqual(up);
    expect(await app.profiles.store([{ submission_id: 't3_b' }])).toMatchObject({ inserted: 1 });
  });
});
