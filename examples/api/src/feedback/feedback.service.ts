import type { Readable } from 'node:stream';

import { BadRequestException, Injectable, NotFoundException } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { InjectRepository } from '@nestjs/typeorm';
import {
  type BufferedOutcome,
  type EntityLoader,
  InjectLoader,
  QuarantineService,
  readRecords,
  type RecordBuffer,
} from 'harbor-storage';
import type { Repository } from 'typeorm';

import type { Environment } from '../config.js';
import type { FeedbackItem, FeedbackPage, FeedbackQuery, ImportResult, StoredFeedback } from './feedback.dto.js';
import { Feedback } from './feedback.entity.js';

const MAX_LINE_BYTES = 1024 * 1024; // a longer line is rejected, unread
const MAX_REJECTS = 1000; // more of them end the import

@Injectable()
export class FeedbackService {
  private readonly buffer: RecordBuffer<object, BufferedOutcome<Feedback, never>>;

  constructor(
    @InjectLoader(Feedback) private readonly loader: EntityLoader<Feedback>,
    @InjectRepository(Feedback) private readonly feedback: Repository<Feedback>,
    private readonly quarantine: QuarantineService,
    config: ConfigService<Environment, true>,
  ) {
    const maxPending = config.get('MAX_PENDING', { infer: true });
    // Each common load has a row in the history; `history: 'off'` keeps only those with rejected records.
    this.buffer = loader.untyped().buffer({ maxPending, source: 'POST /feedback' });
  }

  /** Resolves when the record is committed. */
  async store(record: object): Promise<StoredFeedback> {
    const stored = await this.buffer.add(record);
    if (stored.outcome === 'deleted' || stored.outcome === 'skipped') {
      throw new Error(`Feedback is neither deleted nor skipped, but one was ${stored.outcome}`);
    }
    return { id: stored.key.id as string, outcome: stored.outcome };
  }

  /**
   * Loads lines of JSON while they arrive.
   * @param loadKey - an import with the same key takes place once, and resumes where it was interrupted
   */
  async import(lines: Readable, signal: AbortSignal, loadKey: string | undefined): Promise<ImportResult> {
    const records = readRecords(lines, { format: 'jsonl', name: 'the request', maxLineBytes: MAX_LINE_BYTES });
    const result = await this.loader.loadBatch(records, {
      source: 'POST /feedback/import',
      maxRejects: MAX_REJECTS,
      signal,
      loadKey,
    });
    const { loadId, ok, alreadyCompleted } = result;
    const { received, inserted, updated, unchanged, duplicates, skipped, rejected, failed } = result;
    const counts = { received, inserted, updated, unchanged, duplicates, skipped, rejected, failed };
    return { loadId, ok, alreadyCompleted, ...counts, rejects: rejected > 0 ? await this.rejectsOf(loadId) : [] };
  }

  private async rejectsOf(loadId: string): Promise<ImportResult['rejects']> {
    const records = await this.quarantine.list({ loadId, replayed: 'any', limit: MAX_REJECTS });
    return records
      .map(({ id, position, key, reason, column, message }) => ({ id, position, key, reason, column, message }))
      .toSorted((a, b) => a.position - b.position);
  }

  /** Newest first. The last row of a page is where the next one begins, so that deep pages cost no more than the first. */
  async list({ product, minRating, since, limit, after }: FeedbackQuery): Promise<FeedbackPage> {
    const query = this.feedback.createQueryBuilder('f').orderBy('f.sentAt', 'DESC').addOrderBy('f.id', 'DESC');
    if (product !== undefined) query.andWhere('f.product = :product', { product });
    if (minRating !== undefined) query.andWhere('f.rating >= :minRating', { minRating });
    if (since !== undefined) query.andWhere('f.sentAt >= :since', { since });
    if (after !== undefined) {
      if (!(await this.feedback.existsBy({ id: after }))) {
        throw new BadRequestException('after must be the value of next of a page');
      }
      // Compared in the database: a Date has milliseconds, the column microseconds.
      query.andWhere('(f.sentAt, f.id) < (SELECT sent_at, id FROM feedback WHERE id = :after)', { after });
    }
    const rows = await query.take(limit + 1).getMany();
    const items = rows.slice(0, limit).map(itemOf);
    return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  async get(id: string): Promise<FeedbackItem> {
    const row = await this.feedback.findOneBy({ id });
    if (row === null) {
      throw new NotFoundException();
    }
    return itemOf(row);
  }
}

function itemOf({ id, product, rating, comment, sentAt, extra, updatedAt }: Feedback): FeedbackItem {
  return { id, product, rating, comment, sentAt, extra, updatedAt };
}
