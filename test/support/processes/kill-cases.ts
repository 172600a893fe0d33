import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from '@jest/globals';
import { Client } from 'pg';

import { withDatabase } from '../database/databases.js';
import { killLoads, type KilledLoads, printedSeed } from './killed-loads.js';
import { checkedLedger } from '../app/ledger.js';

/** How large a load is, and how often it is killed. */
export interface KillCase {
  readonly records: number;
  readonly batchSize: number;
  readonly kills: number;
}

/** Of so many lines one is no record, one says nothing for the table, and one comes again 1,111 records later. */
const [BROKEN_EVERY, SKIPPED_EVERY, REPEATED_EVERY, LATER] = [997, 1_009, 101, 1_111];

const isBroken = (n: number): boolean => n % BROKEN_EVERY === 5;
const isSkipped = (n: number): boolean => n % SKIPPED_EVERY === 7;
/** The record whose key the record at a position carries: its own, or that of an earlier one. */
const keyOf = (n: number): number =>
  n >= LATER && n % REPEATED_EVERY === 0 && !isBroken(n - LATER) && !isSkipped(n - LATER) ? n - LATER : n;

function lineOf(n: number): string {
  if (isBroken(n)) {
    return `{"submission_id": ${n}`;
  }
  return JSON.stringify({ ...(!isSkipped(n) && { submission_id: `t3_${keyOf(n)}` }), title: `from line ${n}` });
}

/** Which record each key is to hold: the last of the file by merge, the first by append. */
function expectedRows(records: number, wins: 'last' | 'first'): Map<string, string> {
  const rows = new Map<string, string>();
  for (let n = 0; n < records; n += 1) {
    const key = `t3_${keyOf(n)}`;
    if (!isBroken(n) && !isSkipped(n) && !(wins === 'first' && rows.has(key))) {
      rows.set(key, `from line ${n}`);
    }
  }
  return rows;
}

/** Kills a merge of a file at random moments until it is through; every record must be in exactly once, in its place. */
export async function killMerges(kill: KillCase): Promise<KilledLoads> {
  return withKilledLoads(kill, 'merge', async (client, account) => {
    const expected = expectedRows(kill.records, 'last');
    expect(await titles(client)).toEqual(expected);
    expect(account.inserted).toBe(expected.size);
    expect(account.updated + account.duplicates).toBe(loadable(kill.records) - expected.size);
  });
}

/** The same by append; without a key on the table a record that came twice would be there twice. */
export async function killAppends(kill: KillCase, table: 'with its key' | 'without a key'): Promise<KilledLoads> {
  const keyless = table === 'without a key';
  return withKilledLoads(
    kill,
    'append',
    async (client, account) => {
      const expected = expectedRows(kill.records, 'first');
      const { rows } = await client.query<{ n: number }>('SELECT count(*)::integer AS n FROM submissions');
      const inserted = keyless ? loadable(kill.records) : expected.size;
      expect([rows[0]?.n, account.inserted]).toEqual([inserted, inserted]);
      if (!keyless) {
        expect(await titles(client)).toEqual(expected);
      }
      const { rows: twice } = await client.query('SELECT title FROM submissions GROUP BY title HAVING count(*) > 1');
      expect(twice).toEqual([]);
    },
    keyless ? 'ALTER TABLE submissions DROP CONSTRAINT submissions_pkey' : 'SELECT',
  );
}

async function withKilledLoads(
  { records, batchSize, kills }: KillCase,
  disposition: 'merge' | 'append',
  check: (client: Client, account: Awaited<ReturnType<typeof checkedLedger>>) => Promise<void>,
  prepare = 'SELECT',
): Promise<KilledLoads> {
  const directory = await mkdtemp(join(tmpdir(), 'killed-loads-'));
  const file = join(directory, 'posts.jsonl');
  await writeFile(file, Array.from({ length: records }, (_, n) => `${lineOf(n)}\n`).join(''));
  try {
    return await withDatabase(async (url) => {
      const client = new Client({ connectionString: url });
      await client.connect();
      try {
        await client.query(prepare);
        const args = ['load', file, '--into', 'submissions', '--disposition', disposition, '--json'];
        const outcome = await killLoads({
          url,
          args: [...args, '--batch-size', String(batchSize)],
          loadKey: 'one load',
          batches: records / batchSize,
          kills,
          seed: printedSeed(),
        });
        const account = await checkedLedger(
          async (sql, parameters) => (await client.query(sql, parameters)).rows,
          'one load',
        );
        const broken = Array.from({ length: records }, (_, n) => n).filter(isBroken).length;
        expect(account).toMatchObject({ status: 'completed', received: records, failed: 0 });
        expect(account.rejected).toBeGreaterThanOrEqual(broken);
        expect(account.skipped).toBe(records - broken - loadable(records));
        const { status: _, ...counts } = account;
        expect(JSON.parse(outcome.last.stdout)).toMatchObject({ ...counts, alreadyCompleted: outcome.completedBefore });
        await check(client, account);
        return outcome;
      } finally {
        await client.end();
      }
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}

function loadable(records: number): number {
  return Array.from({ length: records }, (_, n) => n).filter((n) => !isBroken(n) && !isSkipped(n)).length;
}

async function titles(client: Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ submission_id: string; title: string }>(
    'SELECT submission_id, title FROM submissions',
  );
  return new Map(rows.map(({ submission_id, title }) => [submission_id, title]));
}
