import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client } from 'pg';

import { createTestDatabase } from '../../../src/testing/index.js';
import { type CliOutcome, runCli } from './run-cli.js';
import { runCommand } from './run-command.js';
import type { StorageApp } from '../app/storage-app.js';

type Run = (args: readonly string[], input?: string | Buffer) => Promise<CliOutcome>;

/** The command line on a database of its own, and a folder for its files. */
export interface CommandLine {
  readonly url: string;
  readonly directory: string;
  /** A command in a process of its own, as it is shipped. */
  readonly run: Run;
  /** A command in the process of the test. */
  readonly runHere: Run;
  readonly rows: StorageApp['rows'];
  /** @returns its path */
  writeFile(name: string, content: string | Buffer): Promise<string>;
  close(): Promise<void>;
}

export async function startCommandLine(): Promise<CommandLine> {
  const { url, drop } = await createTestDatabase();
  const client = new Client({ connectionString: url });
  await client.connect();
  const directory = await mkdtemp(join(tmpdir(), 'harbor-storage-cli-'));
  return {
    url,
    directory,
    run: (args, input) => runCli(url, args, input),
    runHere: (args, input) => runCommand(url, args, input),
    rows: async <T>(sql: string, parameters?: unknown[]) => (await client.query(sql, parameters)).rows as T[],
    async writeFile(name, content) {
      const path = join(directory, name);
      await writeFile(path, content);
      return path;
    },
    async close() {
      await client.end();
      await rm(directory, { recursive: true });
      await drop();
    },
  };
}

/** What a command with --json has printed. */
export async function jsonOf(outcome: Promise<CliOutcome>) {
  return JSON.parse((await outcome).stdout);
}
