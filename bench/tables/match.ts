import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { ClientBase } from 'pg';

import { withConnection } from './connection.js';
import type { Arena, Contestant, Session } from '../contestants/contestant.js';
import type { BenchRecord } from './data.js';
import type { Outcome } from '../report/figures.js';
import type { BenchTable } from '../report/table.js';
import { type Checksums, countRows, fillTable, readChecksums } from './table-state.js';
import { BenchError } from '../bench-error.js';

/** Enough to warm up the compiler; the checks afterwards compare what all contestants wrote. */
const WARM_UP_ROWS = 5_000;

/** A contestant in a match. */
export interface Entry {
  readonly label: string;
  readonly contestant: Contestant;
  readonly records: readonly BenchRecord[];
  /** Initial content of the table; default: empty. */
  readonly stored?: readonly BenchRecord[];
}

export interface MatchOptions {
  readonly rounds: number;
  /** Columns in which contestants may differ by design. */
  readonly uncompared?: readonly string[];
  readonly onProgress: (text: string) => void;
}

interface Player extends Entry {
  readonly session: Session;
  readonly table: BenchTable;
}

/** Runs all contestants in turn, round by round after a warm-up, always in the same order. */
export async function runMatch(arena: Arena, entries: readonly Entry[], options: MatchOptions): Promise<Outcome[]> {
  const sessions = new Map<Contestant, Session>();
  try {
    for (const { contestant } of entries) {
      if (!sessions.has(contestant)) {
        sessions.set(contestant, await contestant.enter(arena));
      }
    }
    const players = entries.map((entry) => {
      const session = sessions.get(entry.contestant) as Session;
      return { ...entry, session, table: { ...arena.table, quoted: session.table ?? arena.table.quoted } };
    });
    return await withConnection(arena.url, async (client) => {
      await warmUp(client, players, options);
      const turns = players.map((player) => ({ player, milliseconds: new Array<number>() }));
      for (let round = 1; round <= options.rounds; round += 1) {
        for (const { player, milliseconds } of turns) {
          options.onProgress(`round ${round} of ${options.rounds}: ${player.label}`);
          milliseconds.push(await takeTurn(client, player, rowsOf(player)));
        }
      }
      return turns.map(({ player, milliseconds }) => ({
        label: player.label,
        how: player.contestant.how(player.table),
        rows: rowsOf(player),
        milliseconds,
      }));
    });
  } finally {
    await Promise.allSettled(Array.from(sessions.values(), (session) => session.close()));
  }
}

function rowsOf({ records, contestant }: Entry): number {
  return Math.min(records.length, contestant.maxRows ?? Infinity);
}

/** Loads the same few rows with all contestants, and checks that they wrote the same. */
async function warmUp(client: ClientBase, players: readonly Player[], options: MatchOptions): Promise<void> {
  const { onProgress, uncompared = [] } = options;
  const rows = Math.min(WARM_UP_ROWS, ...players.map(rowsOf));
  const first = new Map<readonly BenchRecord[], { readonly label: string; readonly sums: Checksums }>();
  for (const player of players) {
    const { label, records, table } = player;
    onProgress(`warm-up: ${label}`);
    await takeTurn(client, player, rows);
    const columns = table.columns.filter(({ name }) => !uncompared.includes(name));
    const sums = await readChecksums(client, { ...table, columns });
    const kind = player.contestant.storesEmptyAsNull === true ? 'emptyAsNull' : 'exact';
    const other = first.get(records);
    if (other === undefined) {
      first.set(records, { label, sums });
    } else if (other.sums[kind] !== sums[kind]) {
      throw new BenchError(`${label} wrote other values than ${other.label} of the same records`);
    }
  }
}

/** One load of the first `rows` records. */
async function takeTurn(client: ClientBase, player: Player, rows: number): Promise<number> {
  const { label, records, stored = [], session, table } = player;
  const run = await session.prepare(records.slice(0, rows));
  await fillTable(client, table, stored.slice(0, rows));
  collectGarbage();
  const milliseconds = await run();
  const found = await countRows(client, table);
  if (found !== rows || !(milliseconds > 0)) {
    throw new BenchError(`${label} left ${found} rows of ${rows} in ${milliseconds} ms`);
  }
  return milliseconds;
}

setFlagsFromString('--expose-gc');
/** Cleanup after one contestant must not be measured for the next. */
const collectGarbage = runInNewContext('gc') as () => void;
