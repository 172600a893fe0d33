import 'reflect-metadata';

import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  Module,
  Query,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { StorageConsoleModule } from 'harbor-storage/console';
import { StorageHealthIndicator, StorageHealthModule } from 'harbor-storage/health';
import { StorageMetricsModule } from 'harbor-storage/metrics';
import { StorageOpenTelemetryModule } from 'harbor-storage/opentelemetry';
import { register } from 'prom-client';

import { makeAdapter } from './adapter.js';
import { AppModule } from './app.module.js';
import { PriceImport } from './price-import.js';

/** Lets in whoever says so. */
@Injectable()
class OperatorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest().headers['x-operator'] === 'yes';
  }
}

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(StorageHealthIndicator) private readonly storage: StorageHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check(@Query('maxOpenRejects') most?: string) {
    const options = most === undefined ? {} : { maxOpenRejects: Number(most) };
    return this.health.check([() => this.storage.check('storage', options)]);
  }
}

@Module({
  imports: [
    AppModule,
    TerminusModule,
    StorageHealthModule.forRoot(),
    StorageMetricsModule.forRoot(),
    StorageOpenTelemetryModule.forRoot(),
    StorageConsoleModule.forRoot({ path: 'storage', guards: [OperatorGuard] }),
  ],
  controllers: [HealthController],
})
class OperatedModule {}

/** Prints what an operator sees by HTTP after an import that rejects a record. */
async function main(): Promise<void> {
  const app = await NestFactory.create(OperatedModule, makeAdapter(), { logger: ['error'] });
  try {
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    await app.get(PriceImport).run();
    const health = async (query = ''): Promise<string> => {
      const answer = await fetch(`${url}/health${query}`);
      const { storage } = (await answer.json()).details;
      const causes = (storage.problems ?? []).map(({ cause }: { cause: string }) => cause);
      return [answer.status, storage.status, ...causes].join(' ');
    };
    const console = async (headers = {}): Promise<string> => {
      const answer = await fetch(`${url}/storage`, { headers });
      const page = await answer.text();
      return `${answer.status} ${page.startsWith('<!doctype html>') ? 'page' : page || 'empty'}`;
    };
    const [, rejected] =
      (await register.metrics()).match(/^harbor_storage_records_total{.*"rejected".*} (\d+)$/m) ?? [];
    const lines = [
      await health(),
      await health('?maxOpenRejects=0'),
      await console(),
      await console({ 'x-operator': 'yes' }),
      `${rejected} rejected`,
    ];
    process.stdout.write(`${lines.join(', ')}\n`);
  } finally {
    await app.close();
  }
}

void main();
