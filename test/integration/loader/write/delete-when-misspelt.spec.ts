import { Readable } from 'node:stream';

import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { readRecords } from '../../../../src/files/read-records.js';
import type { LoadOptions } from '../../../../src/index.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

const ID = { submission_id: 'a', problem_description: 'p' };

describe('a load with deleteWhen', () => {
  let app: StorageApp;
  const warn = jest.spyOn(Logger.prototype, 'warn');
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const warnings = async (records: readonly object[], options: LoadOptions): Promise<unknown[]> => {
    warn.mockClear();
    const lines = records.map((record) => `${JSON.stringify(record)}\n`);
    const file = readRecords(Readable.from(lines, { objectMode: false }), { format: 'jsonl' });
    const untyped = app.opportunities.untyped();
    await untyped.store(records, options);
    await untyped.storeBatch(file, { ...options, batchSize: 1 });
    // The line at the end of a load may be a warning, too.
    return warn.mock.calls.map(([message]) => String(message)).filter((message) => message.includes('deleteWhen'));
  };
  const WARNING =
    'No record for app_opportunities has the field gonne of deleteWhen, so none deleted its row. Did you mean gone?';

  it('warns that no record has its field, and names the nearest that has no column', async () => {
    const records = [ID, { ...ID, gone: true, mood: 1 }];
    expect(await warnings(records, { deleteWhen: 'gonne' })).toEqual([WARNING, WARNING]);
  });

  it.each<[string, readonly object[], string]>([
    [
      'a record has the field, whatever it says',
      [
        { ...ID, gone: false },
        { ...ID, gonne: true },
      ],
      'gone',
    ],
    [
      'only a rejected record has it',
      [
        { ...ID, submission_id: '', gone: true },
        { ...ID, gonne: true },
      ],
      'gone',
    ],
    ['it is a column, under its other name', [{ ...ID, evidenceBased: false, evidence_base: true }], 'evidence_based'],
    ['no field has nearly its name', [{ ...ID, mood: true }], 'gone'],
  ])('does not warn where %s', async (_, records, deleteWhen) => {
    expect(await warnings(records, { deleteWhen })).toEqual([]);
  });
});
