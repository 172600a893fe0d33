import { Test } from '@nestjs/testing';

import { AppModule } from './app.module.js';
import { PriceImport } from './price-import.js';

it('loads into the tables of the application and of the package', async () => {
  const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
  try {
    await expect(app.get(PriceImport).run()).resolves.toBe('prices: 1 stored, 1 rejected; opportunities: 1 stored');
  } finally {
    await app.close();
  }
});
