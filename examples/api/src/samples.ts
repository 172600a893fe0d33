import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { INestApplication } from '@nestjs/common';
import {
  type EntityLoader,
  type FileRecords,
  getLoaderToken,
  HybridStoreService,
  openSource,
  readRecords,
} from 'harbor-storage';

import { Feedback } from './feedback/feedback.entity.js';

const BATCH_SIZE = 50; // small, so that there are several batches to look at

/** Loads the sample of the package, and feedback with mistakes. By their load keys, each is loaded once. */
export async function loadSamples(app: INestApplication): Promise<void> {
  const packageFolder = dirname(fileURLToPath(import.meta.resolve('harbor-storage/package.json')));
  const hybrid = app.get(HybridStoreService);
  const feedback = app.get<EntityLoader<Feedback>>(getLoaderToken(Feedback));
  const batchSize = BATCH_SIZE;
  await withRecords(packageFolder, 'sample/hybrid-records.jsonl', (records, source) =>
    hybrid.storeBatch(records, { source, loadKey: source, batchSize }),
  );
  await withRecords(join(import.meta.dirname, '..'), 'data/feedback.jsonl', (records, source) =>
    feedback.loadBatch(records, { source, loadKey: source, batchSize }),
  );
}

async function withRecords(
  folder: string,
  name: string,
  load: (records: FileRecords, source: string) => Promise<unknown>,
): Promise<void> {
  const { stream } = await openSource(join(folder, name));
  try {
    await load(readRecords(stream, { format: 'jsonl', name }), name);
  } finally {
    stream.destroy(); // a load that was completed before does not read it
  }
}
