import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { StorageHealthModule } from 'harbor-storage/health';

import { HealthController } from './health.controller.js';

@Module({
  imports: [TerminusModule, StorageHealthModule.forRoot({ maxOpenRejects: 1000, stalledAfterMs: 10 * 60 * 1000 })],
  controllers: [HealthController],
})
export class HealthModule {}
