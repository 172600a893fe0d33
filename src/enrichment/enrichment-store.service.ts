import type { EntityManager } from 'typeorm';

import {
  CompetitorEntity,
  MarketValidationEntity,
  MonetizationPatternEntity,
  OpportunityScoreEntity,
} from '../entities/enrichment/index.js';
import { OpportunityEntity, SubmissionEntity } from '../entities/index.js';
import type { CombinedBufferOptions } from '../loader/buffer/buffer-options.js';
import type { RecordBuffer } from '../loader/buffer/record-buffer.js';
import type { CombinedLoader } from '../loader/combined-loader.js';
import type { CombinedOptions } from '../loader/model/combined-options.js';
import type { EntityLoader } from '../loader/entity-loader.js';
import type { LoaderService } from '../loader/loader.service.js';
import type { CombinedOutcome } from '../loader/model/row-outcome.js';
import { isPlainObject } from '../loader/normalize/row-draft.js';
import type { EnrichmentRecord } from '../records/enrichment/enrichment.record.js';
import { checkManager } from '../postgres/with-transaction.js';
import type { AsyncRecordSource, RecordSource } from '../records/record-source.js';
import type { CombinedBatchResult, CombinedResult } from '../results/load-result.js';

/** The name of a load into all six tables, in the history and the quarantine. */
const ENRICHMENT = 'enrichment';

/** Each table of a record, in the order they are written. */
const TABLES = {
  opportunity: OpportunityEntity,
  submission: SubmissionEntity,
  scores: OpportunityScoreEntity,
  monetization: MonetizationPatternEntity,
  validations: MarketValidationEntity,
  competitors: CompetitorEntity,
};

/**
 * Stores whole enrichment records in one transaction: all of their rows in six tables, or none. A stage of the pipeline that
 * writes one table uses its loader.
 */
export class EnrichmentStoreService {
  readonly scores: EntityLoader<OpportunityScoreEntity>;
  readonly monetization: EntityLoader<MonetizationPatternEntity>;
  readonly validations: EntityLoader<MarketValidationEntity>;
  readonly competitors: EntityLoader<CompetitorEntity>;
  /** The loader of whole records, for example for `QuarantineService.replay`. */
  readonly records: CombinedLoader<EnrichmentRecord>;

  /** @internal */
  constructor(
    private readonly loader: LoaderService,
    manager?: EntityManager,
  ) {
    this.scores = loader.for(OpportunityScoreEntity);
    this.monetization = loader.for(MonetizationPatternEntity);
    this.validations = loader.for(MarketValidationEntity);
    this.competitors = loader.for(CompetitorEntity);
    this.records = loader.combine<typeof TABLES, EnrichmentRecord>(TABLES, split, { name: ENRICHMENT });
    if (manager !== undefined) {
      this.scores = this.scores.withManager(manager);
      this.monetization = this.monetization.withManager(manager);
      this.validations = this.validations.withManager(manager);
      this.competitors = this.competitors.withManager(manager);
      this.records = this.records.withManager(manager);
    }
  }

  /** Stores records in one transaction over all tables; see {@link CombinedLoader.load}. */
  async store(records: RecordSource<EnrichmentRecord>, options?: CombinedOptions): Promise<CombinedResult> {
    return this.records.load(records, options);
  }

  /** Stores records in one transaction a batch; see {@link CombinedLoader.loadBatch}. */
  async storeBatch(
    records: AsyncRecordSource<EnrichmentRecord>,
    options?: CombinedOptions,
  ): Promise<CombinedBatchResult> {
    return this.records.loadBatch(records, options);
  }

  /** Gathers single records of many callers into common loads; see {@link CombinedLoader.buffer}. */
  buffer(options?: CombinedBufferOptions): RecordBuffer<EnrichmentRecord, CombinedOutcome> {
    return this.records.buffer(options);
  }

  /** The same service in the transaction of `manager`. */
  withManager(manager: EntityManager): EnrichmentStoreService {
    return new EnrichmentStoreService(this.loader, checkManager(manager));
  }
}

/** The parts of a record; both tables of a hybrid record read what is left of it. */
function split(record: EnrichmentRecord) {
  const { opportunityScores, monetizationPatterns, marketValidations, competitiveLandscape, ...others } = record;
  const { opportunity_scores, monetization_patterns, market_validations, competitive_landscape, ...rest } = others;
  const id = [rest.submission_id, rest.submissionId, rest.reddit_id, rest.redditId].find(
    (value) => value !== undefined && value !== null,
  );
  return {
    opportunity: rest,
    submission: rest,
    scores: ofSubmission(id, [opportunityScores, opportunity_scores]),
    monetization: ofSubmission(id, [monetizationPatterns, monetization_patterns]),
    validations: ofSubmission(id, [marketValidations, market_validations]),
    competitors: ofSubmission(id, [competitiveLandscape, competitive_landscape]),
  };
}

type Parts<P> = P | readonly P[] | null | undefined;

/**
 * The parts for a table, with the id of the submission. One that names another submission is rejected, since it then has two.
 * @param given - by both names of the field
 */
function ofSubmission<P extends object>(id: string | undefined, given: readonly Parts<P>[]): P[] {
  const parts = given.flatMap((some) => (some === undefined || some === null ? [] : (some as P | P[])));
  return parts.map((part) => {
    // What is no record, such as a Promise or a list in the list, is rejected as such: a copy of it would be an empty record.
    return isPlainObject(part) ? { ...part, ['submission_id' in part ? 'submissionId' : 'submission_id']: id } : part;
  });
}
