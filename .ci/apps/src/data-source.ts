import { DataSource } from 'typeorm';

import { CreatePrices1764000000000 } from './create-prices.js';
import { Price } from './price.entity.js';

/** For the command line. */
export const pricesDataSource = new DataSource({
  type: 'postgres',
  url: process.env['DATABASE_URL'] ?? '',
  entities: [Price],
  migrations: [CreatePrices1764000000000],
});
