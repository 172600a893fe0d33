import { Controller, Get, type MessageEvent, Param, ParseUUIDPipe, Query, Sse } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { HistoryEntry } from 'harbor-storage';
import type { Observable } from 'rxjs';

import { LoadsQuery } from './loads.dto.js';
import { type LoadsPage, LoadsService } from './loads.service.js';

@ApiTags('loads')
@Controller('loads')
export class LoadsController {
  constructor(private readonly loads: LoadsService) {}

  @Get()
  @ApiOperation({ summary: 'List loads, newest first' })
  async list(@Query() query: LoadsQuery): Promise<LoadsPage> {
    return this.loads.list(query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read one load' })
  async get(@Param('id', ParseUUIDPipe) id: string): Promise<HistoryEntry> {
    return this.loads.get(id);
  }

  @Sse(':id/progress')
  @ApiOperation({ summary: 'Follow a load by server-sent events, until it ends' })
  async progress(@Param('id', ParseUUIDPipe) id: string): Promise<Observable<MessageEvent>> {
    return this.loads.progress(id);
  }
}
