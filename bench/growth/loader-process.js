// A process with one loader, from the built package, because compiling sources on import takes 150 MB: see loaders.ts.
import 'reflect-metadata';

import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';

import { NestFactory } from '@nestjs/core';
import { DataSource, EntitySchema } from 'typeorm';

import { LoaderService, StorageModule, storageEntities } from '../../dist/src/index.js';

/** Base64 does not compress. */
const TEXT = randomBytes(64 * 1024).toString('base64');

let dataSource;
let loader;

function entityOf(name, { keyType, numbers }) {
  const numberColumns = numbers.map((column) => [column, { type: 'bigint', nullable: true }]);
  return new EntitySchema({
    name,
    tableName: name,
    columns: {
      id: { type: keyType, primary: true },
      ...Object.fromEntries(numberColumns),
      payload: { type: 'text', nullable: true },
    },
  });
}

async function open({ url, tables, ...columns }) {
  const entities = [...storageEntities, ...tables.map((name) => entityOf(name, columns))];
  await dataSource?.destroy();
  dataSource = await new DataSource({ type: 'postgres', url, entities }).initialize();
  const app = await NestFactory.createApplicationContext(StorageModule.forRoot({ dataSource }), { logger: false });
  loader = app.get(LoaderService);
}

function* recordsOf({ keys, from, step, numbers, scatter, payloadBytes, revision }) {
  for (const [index, id] of keys.entries()) {
    const i = Math.floor(from + index * step);
    const record = { id };
    for (const [column, name] of numbers.entries()) {
      record[name] = (i * scatter.step * (2 * column + 1)) % scatter.modulus;
    }
    const offset = (i * 31 + revision * 1_009) % (TEXT.length - payloadBytes);
    record.payload = TEXT.slice(offset, offset + payloadBytes);
    yield record;
  }
}

async function load({ table, batchSize, ...records }) {
  globalThis.gc();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const result = await loader.loadBatch(table, recordsOf(records), batchSize === undefined ? {} : { batchSize });
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const { inserted, updated, unchanged, rejects, failures } = result;
  return {
    milliseconds,
    cpuMicroseconds: user + system,
    peakKilobytes: process.resourceUsage().maxRSS,
    inserted,
    updated,
    unchanged,
    fault: rejects[0]?.message ?? failures[0]?.message,
  };
}

process.on('message', async ({ open: opening, load: loading }) => {
  try {
    process.send({ done: opening ? await open(opening) : await load(loading) });
  } catch (error) {
    process.send({ fault: error.message });
  }
});
// Whatever became of the bench.
process.on('disconnect', () => process.exit());
