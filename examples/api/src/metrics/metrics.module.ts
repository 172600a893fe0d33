import { Module } from '@nestjs/common';
import { StorageMetricsModule } from 'harbor-storage/metrics';

import { MetricsController } from './metrics.controller.js';
import { registry } from './registry.js';

@Module({ imports: [StorageMetricsModule.forRoot({ registry })], controllers: [MetricsController] })
export class MetricsModule {}
