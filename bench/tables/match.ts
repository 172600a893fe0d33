import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { Client, ClientBase } from 'pg';

import { withConnection } from './connection.js';
import type { Arena, Contestant, Session } from '../contestants/contestant.js';
import type { BenchRecord } from './data.js';
import type { Match, Outcome } from '../report/figures.js';
import type { Proxy } from '../network/proxy.js';
import type { BenchTable } from '../report/table.js';
import { type Checksums, countRows, endOpenWork, fillTable, readChecksums } from './table-state.js';
import { BenchError, faultOf, within } from '../bench-error.js';

/** Few enough for the slow contestants; the checks afterwards compare what all contestants wrote. */
const WARM_UP_ROWS = 5_000;
/** V8 compiles what a load runs for its first 15,000 records or so. */
const WARM_UP_TURNS = 4;
/** A contestant that takes longer has failed. */
const MAX_TURN_MS = 15 * 60_000;
const MAX_CLOSE_MS = 10_000;

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
  /** Contestants reach the server through it. */
  readonly proxy?: Proxy;
  readonly onProgress: (text: string) => void;
}

interface Player extends Entry {
  readonly session: Session;
  readonly table: BenchTable;
  readonly milliseconds: number[];
  readonly sent: number[];
}

/**
 * Runs all contestants in turn, round by round after a warm-up, always in the same order. One that fails is out; the
 * others continue.
 */
export async function runMatch(arena: Arena, entries: readonly Entry[], options: MatchOptions): Promise<Match> {
  return withConnection(arena.url, async (client) => {
    const match = new RunningMatch(arena, client, options);
    try {
      await match.enter(entries);
      await match.warmUp();
      for (let round = 1; round <= options.rounds; round += 1) {
        await match.playRound(round);
      }
      return match.result();
    } finally {
      await match.close();
    }
  });
}

class RunningMatch {
  private readonly sessions = new Map<Contestant, Session>();
  private readonly faults: string[] = [];
  private readonly out = new Set<Contestant>();
  private players: readonly Player[] = [];

  constructor(
    private readonly arena: Arena,
    private readonly client: Client,
    private readonly options: MatchOptions,
  ) {}

  async enter(entries: readonly Entry[]): Promise<void> {
    const { arena, options } = this;
    const url = options.proxy?.url ?? arena.url;
    for (const { contestant } of entries) {
      if (!this.sessions.has(contestant)) {
        await this.attempt(contestant, contestant.name, async () => {
          this.sessions.set(contestant, await contestant.enter({ ...arena, url }));
        });
      }
    }
    this.players = entries.flatMap((entry) => {
      const session = this.sessions.get(entry.contestant);
      const table = { ...arena.table, quoted: session?.table ?? arena.table.quoted };
      return session === undefined ? [] : [{ ...entry, session, table, milliseconds: [], sent: [] }];
    });
  }

  /** Loads the same few rows with all contestants, several times, and checks that they wrote the same. */
  async warmUp(): Promise<void> {
    const { onProgress, uncompared = [] } = this.options;
    const rows = Math.min(WARM_UP_ROWS, ...this.players.map(rowsOf));
    const first = new Map<readonly BenchRecord[], { readonly label: string; readonly sums: Checksums }>();
    for (const player of this.players) {
      const { contestant, label, records, table } = player;
      await this.attempt(contestant, label, async () => {
        onProgress(`warm-up: ${label}`);
        for (let turn = 1; turn <= WARM_UP_TURNS; turn += 1) {
          await takeTurn(this.client, player, rows);
        }
        const columns = table.columns.filter(({ name }) => !uncompared.includes(name));
        const sums = await readChecksums(this.client, { ...table, columns });
        const kind = contestant.storesEmptyAsNull === true ? 'emptyAsNull' : 'exact';
        const other = first.get(records);
        if (other === undefined) {
          first.set(records, { label, sums });
        } else if (other.sums[kind] !== sums[kind]) {
          throw new BenchError(`it wrote other values than ${other.label} of the same records`);
        }
      });
    }
  }

  async playRound(round: number): Promise<void> {
    const { rounds, proxy, onProgress } = this.options;
    for (const player of this.players) {
      await this.attempt(player.contestant, player.label, async () => {
        onProgress(`round ${round} of ${rounds}: ${player.label}`);
        const before = proxy?.traffic().sent ?? 0;
        player.milliseconds.push(await takeTurn(this.client, player, rowsOf(player)));
        player.sent.push((proxy?.traffic().sent ?? 0) - before);
      });
    }
  }

  result(): Match {
    const finished = this.players.filter(({ contestant }) => !this.out.has(contestant));
    const outcomes = finished.map((player): Outcome => {
      const { label, contestant, table, milliseconds, sent } = player;
      return { label, how: contestant.how(table), rows: rowsOf(player), milliseconds, sent };
    });
    return { outcomes, faults: this.faults };
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.sessions.values(), close));
  }

  /** Does work of a contestant; if it fails, the contestant leaves the match and holds no locks. */
  private async attempt(contestant: Contestant, label: string, work: () => Promise<void>): Promise<void> {
    if (this.out.has(contestant)) {
      return;
    }
    const { url, signal } = this.arena;
    try {
      if (this.out.size > 0) {
        // One that failed may have begun something since.
        await endOpenWork(url, this.client);
      }
      await within(MAX_TURN_MS, work());
    } catch (error) {
      signal.throwIfAborted();
      this.faults.push(`${label} failed and is left out: ${faultOf(error)}`);
      this.out.add(contestant);
      await endOpenWork(url, this.client);
    }
  }
}

async function close(session: Session): Promise<void> {
  await within(MAX_CLOSE_MS, session.close()).catch(() => {});
}

function rowsOf({ records, contestant }: Entry): number {
  return Math.min(records.length, contestant.maxRows ?? Infinity);
}

/** One load of the first `rows` records. */
async function takeTurn(client: ClientBase, player: Player, rows: number): Promise<number> {
  const { records, stored = [], session, table } = player;
  const run = await session.prepare(records.slice(0, rows));
  await fillTable(client, table, stored.slice(0, rows));
  collectGarbage();
  const milliseconds = await run();
  const found = await countRows(client, table);
  if (found !== rows || !(milliseconds > 0)) {
    throw new BenchError(`it left ${found} rows of ${rows} in ${milliseconds} ms`);
  }
  return milliseconds;
}

setFlagsFromString('--expose-gc');
/** Cleanup after one contestant must not be measured for the next. */
export const collectGarbage = runInNewContext('gc') as () => void;
