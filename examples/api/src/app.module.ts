import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_FILTER } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { StorageModule } from 'harbor-storage';
import { StorageConsoleModule } from 'harbor-storage/console';

import { type Environment, validateEnvironment } from './config.js';
import { dataSourceOptions } from './data-source.js';
import { FeedbackModule } from './feedback/feedback.module.js';
import { HealthModule } from './health/health.module.js';
import { LoadsModule } from './loads/loads.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { OperatorGuard } from './operator.guard.js';
import { StorageErrorsFilter } from './storage-errors.filter.js';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, validate: validateEnvironment }),
    TypeOrmModule.forRootAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService<Environment, true>) => ({
        ...dataSourceOptions,
        url: config.get('DATABASE_URL', { infer: true }),
        migrationsRun: config.get('MIGRATIONS', { infer: true }) === 'run',
        retryAttempts: 0,
      }),
    }),
    StorageModule.forRootAsync({
      dataSourceName: 'default',
      inject: [ConfigService],
      useFactory: (config: ConfigService<Environment, true>) => ({
        migrations: config.get('MIGRATIONS', { infer: true }),
      }),
    }),
    StorageConsoleModule.forRootAsync({
      guards: [OperatorGuard],
      inject: [ConfigService],
      useFactory: (config: ConfigService<Environment, true>) => ({
        environment: config.get('NODE_ENV', { infer: true }),
        canSee: () => true, // the operator may see the content of rejected records
      }),
    }),
    HealthModule,
    MetricsModule,
    FeedbackModule,
    LoadsModule,
  ],
  providers: [{ provide: APP_FILTER, useClass: StorageErrorsFilter }],
})
export class AppModule {}
