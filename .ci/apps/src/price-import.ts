import { Inject, Injectable } from '@nestjs/common';
import { EntityLoader, InjectLoader, type LoadResult, OpportunityRepository } from 'harbor-storage';

import { Price } from './price.entity.js';

@Injectable()
export class PriceImport {
  constructor(
    @InjectLoader(Price) private readonly prices: EntityLoader<Price>,
    @Inject(OpportunityRepository) private readonly opportunities: OpportunityRepository,
  ) {}

  /** Loads a good and a bad price into an entity of the application, and a record into a table of the package. */
  async run(): Promise<string> {
    const prices = await this.prices.load([
      { sku: 'a', amount: '1.50' },
      { sku: 'b', amount: 'much' },
    ]);
    const opportunities = await this.opportunities.store([
      { submission_id: 't3_a', problem_description: 'late invoices' },
    ]);
    return `prices: ${stored(prices)} stored, ${prices.rejected} rejected; opportunities: ${stored(opportunities)} stored`;
  }
}

function stored({ inserted, unchanged }: LoadResult): number {
  return inserted + unchanged;
}
