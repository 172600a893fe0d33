import { Controller, Get, Header, UseGuards } from '@nestjs/common';

import { OperatorGuard } from '../operator.guard.js';
import { registry } from './registry.js';

/** For Prometheus; its `basic_auth` has the operator's name and password. */
@Controller('metrics')
@UseGuards(OperatorGuard)
export class MetricsController {
  @Get()
  @Header('Content-Type', registry.contentType)
  async metrics(): Promise<string> {
    return registry.metrics();
  }
}
