import type { IncomingMessage } from 'node:http';

import { BadRequestException, Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { RecordRejectedError } from 'harbor-storage';

import { rejectedResponse } from '../storage-errors.filter.js';
import { FeedbackItem, FeedbackPage, FeedbackQuery, ImportResult, StoredFeedback } from './feedback.dto.js';
import { FeedbackRecord } from './feedback.record.js';
import { FeedbackService } from './feedback.service.js';
import { withUpload } from './upload.js';

@ApiTags('feedback')
@Controller('feedback')
export class FeedbackController {
  constructor(private readonly feedback: FeedbackService) {}

  /** 201 when it is committed, 422 with the reason when it is rejected, 503 when too many wait. */
  @Post()
  @ApiOperation({ summary: 'Store one record' })
  @ApiBody({ type: FeedbackRecord })
  @ApiCreatedResponse({ type: StoredFeedback })
  async store(@Body() record: unknown): Promise<StoredFeedback> {
    if (typeof record !== 'object' || record === null || Array.isArray(record)) {
      throw new BadRequestException('Send one JSON object as application/json');
    }
    try {
      return await this.feedback.store(record);
    } catch (error) {
      throw error instanceof RecordRejectedError ? rejectedResponse(error) : error;
    }
  }

  /** 200 and counts of all lines, also when some were rejected. With the key of a completed import: its counts. */
  @Post('import')
  @HttpCode(200)
  @ApiOperation({ summary: 'Store many records, one JSON object a line' })
  @ApiConsumes('application/x-ndjson')
  @ApiBody({ schema: { type: 'string' } })
  @ApiOkResponse({ type: ImportResult })
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  async import(
    @Req() request: IncomingMessage,
    @Headers('idempotency-key') loadKey: string | undefined,
  ): Promise<ImportResult> {
    return withUpload(request, (lines, signal) => this.feedback.import(lines, signal, loadKey));
  }

  @Get()
  @ApiOkResponse({ type: FeedbackPage })
  @ApiOperation({ summary: 'List records, newest first' })
  async list(@Query() query: FeedbackQuery): Promise<FeedbackPage> {
    return this.feedback.list(query);
  }

  @Get(':id')
  @ApiOkResponse({ type: FeedbackItem })
  @ApiOperation({ summary: 'Read one record' })
  async get(@Param('id') id: string): Promise<FeedbackItem> {
    return this.feedback.get(id);
  }
}
