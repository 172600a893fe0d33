import { setTimeout as delay } from 'node:timers/promises';

import fc from 'fast-check';
import { Client } from 'pg';

import { type CliOutcome, runCli, startCli } from '../cli/run-cli.js';

/** How the runs of one load key went. */
export interface KilledLoads {
  /** Runs that ended by SIGKILL while the load was running. */
  readonly killed: number;
  /** Attempts the ledger has counted. */
  readonly attempts: number;
  /** Whether a run had completed the load before it was killed: between its last COMMIT and its end. */
  readonly completedBefore: boolean;
  /** The run that came through. */
  readonly last: CliOutcome;
}

interface LoadToKill {
  readonly url: string;
  /** Of the command, without the load key. */
  readonly args: readonly string[];
  readonly loadKey: string;
  readonly batches: number;
  readonly kills: number;
  readonly seed: number;
}

/** Where the load is, as the database shows it. */
interface Standing {
  readonly attempt: number;
  readonly batches: number;
  readonly completed: boolean;
}

/** Longest time from the batch that was waited for to the kill: a batch of these tests takes less. */
const LONGEST_AIM_MS = 120;

/**
 * Runs the same load again and again, each run in a process of its own, and kills it: once it has begun and committed as
 * many further batches as a random number says, at a random moment after that. The run after the last kill is left alone.
 */
export async function killLoads({ url, args, loadKey, batches, kills, seed }: LoadToKill): Promise<KilledLoads> {
  const fraction = fc.double({ min: 0, max: 1, noNaN: true, noDefaultInfinity: true });
  const moments = fc.sample(fc.tuple(fraction, fraction), { numRuns: kills, seed });
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    let killed = 0;
    for (const [index, [share, aim]] of moments.entries()) {
      const before = await standingOf(client, loadKey);
      // So that a part of the load is left for each of the kills to come.
      const further = Math.floor((share * 2 * (batches - before.batches)) / (kills - index + 2));
      const run = startCli(url, [...args, '--load-key', loadKey]);
      while (!run.hasEnded() && !isAt(await standingOf(client, loadKey), before, further)) {
        await delay(2);
      }
      await delay(aim * LONGEST_AIM_MS);
      run.kill('SIGKILL');
      killed += (await run.ended).signal === 'SIGKILL' ? 1 : 0;
    }
    const { completed } = await standingOf(client, loadKey);
    const last = await runCli(url, [...args, '--load-key', loadKey]);
    process.stderr.write(`${killed} of ${kills} kills have hit a running load\n`);
    return { killed, attempts: (await standingOf(client, loadKey)).attempt, completedBefore: completed, last };
  } finally {
    await client.end();
  }
}

function isAt(now: Standing, before: Standing, further: number): boolean {
  return now.attempt > before.attempt && now.batches >= before.batches + further;
}

async function standingOf(client: Client, loadKey: string): Promise<Standing> {
  const { rows } = await client.query<Standing>(
    `SELECT attempt, status = 'completed' AS completed, (SELECT count(*)::integer FROM storage_load_batches WHERE load_id = id) AS batches
       FROM storage_loads WHERE load_key = $1`,
    [loadKey],
  );
  return rows[0] ?? { attempt: 0, batches: 0, completed: false };
}

/** A seed for a run of its own, or that of a run to be repeated: `SEED`; printed, so that it can be. */
export function printedSeed(): number {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
  process.stderr.write(`seed of the kills: ${seed} (SEED=${seed} repeats them)\n`);
  return seed;
}
