import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { StorageModule } from '../../src/index.js';
import { startStorageApp, startStorageAppBeside, type StorageApp } from '../support/app/storage-app.js';
import { expectSameAsOneByOne, KEY_KINDS, keyedLoads, prepareKinds } from '../support/records/keyed-records.js';
import { propertyRuns } from '../support/sizes/sizes.js';

const entities = KEY_KINDS.map(({ entity }) => entity);

let app: StorageApp;
let inOrder: StorageApp;
beforeAll(async () => {
  app = await startStorageApp({}, [StorageModule.forFeature(entities)]);
  await prepareKinds(app);
  inOrder = await startStorageAppBeside(app, { loader: { parallelism: 1 } }, [StorageModule.forFeature(entities)]);
});
afterAll(async () => {
  await inOrder.close();
  await app.close();
});

it.each(KEY_KINDS)('loads of any records leave $table as one upsert a record would', async (kind) => {
  expect.hasAssertions();
  await fc.assert(
    fc.asyncProperty(keyedLoads([kind], 4), (some) => expectSameAsOneByOne([inOrder, app], some)),
    propertyRuns(60),
  );
});
