import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { quarantined } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { Customer, Order } from '../../../support/entities/orders.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

describe('the function that splits records of a combined load', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Customer, Order]);
  });
  afterAll(() => app.close());

  it('costs only its own record where it fails, and skips one without parts', async () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const wrong: Readonly<Record<string, () => unknown>> = {
      throws: () => {
        throw new Error('secret');
      },
      promises: () => Promise.reject(new Error('secret')),
      nothing: () => undefined,
      list: () => [],
      typo: () => ({ custommer: { id: 'x' } }),
      part: () => ({ customer: 5 }),
      none: () => ({ customer: null }),
      getter: () => ({
        get customer() {
          throw new Error('secret');
        },
      }),
      proxy: () => revoked.proxy,
      parts: () => ({ customer: [Promise.reject(new Error('secret'))] }),
      generator: function* () {
        yield { customer: { id: 'x' } };
      },
      good: () => ({ customer: { id: 'good' } }),
      inherited: () => Object.create({ customer: { id: 'inherited' } }) as object,
    };
    const loader = app.loader.combine(
      { customer: Customer, order: Order },
      ({ how }: { readonly how: string }) => wrong[how]?.() as object,
    );
    const result = await loader.load(Object.keys(wrong).map((how) => ({ how })));
    expect(result).toMatchObject({
      received: 13,
      stored: 2,
      rejected: 10,
      skipped: 1,
      skippedReasons: { no_parts: 1 },
    });
    const rows = await quarantined(app, result.loadId);
    expect(rows.filter(({ reason }) => reason !== 'split_failed')).toMatchObject([
      { position: 5, reason: 'not_an_object' },
    ]);
    expect(rows.find(({ position }) => position === 4)).toMatchObject({
      message: expect.stringMatching(/customer, order$/),
    });
    expect(JSON.stringify(rows.map(({ message }) => message))).not.toContain('secret');
  });
});
