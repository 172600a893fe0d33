import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, it } from '@jest/globals';

import { withDatabase } from '../../support/database/databases.js';

interface Outcome {
  readonly zones: number;
  readonly moments: number;
  readonly wrong: readonly string[];
}

it('a Date is stored in timestamp and date as TypeORM stores it, in every time zone', async () => {
  const seed = process.env['SEED'] ?? String(Date.now() % 1_000_000);
  const args = ['--import', '@swc-node/register/esm-register', 'test/support/types/zones.ts'];
  const { stdout } = await withDatabase((url) => promisify(execFile)(process.execPath, [...args, url, seed]));
  const { zones, moments, wrong } = JSON.parse(stdout) as Outcome;
  process.stdout.write(`${moments} moments in ${zones} time zones, SEED=${seed}\n`);
  expect(wrong).toEqual([]);
  expect(zones).toBeGreaterThan(300);
});
