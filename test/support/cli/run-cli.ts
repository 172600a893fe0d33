import { spawn } from 'node:child_process';
import { resolve as resolvePath } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const CLI = resolvePath('dist/src/cli/main.js');

/** What a command left behind. */
export interface CliOutcome {
  /** null when a signal has ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command at work. */
export interface RunningCli {
  readonly stdin: Writable;
  readonly ended: Promise<CliOutcome & { readonly signal: NodeJS.Signals | null }>;
  hasEnded(): boolean;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when stderr has shown the text. @throws when the command ends without it */
  shows(text: string): Promise<void>;
  /** Resolves to what stdout has shown once the text is in it. @throws when the command ends without it */
  prints(text: string): Promise<string>;
}

/**
 * Starts the command line, as built, in a process of its own, on the database of `url`.
 * @param cwd - where the embedded Postgres of an empty `url` keeps its data
 */
export function startCli(url: string, args: readonly string[], cwd?: string): RunningCli {
  const env = { ...process.env, DATABASE_URL: url, NODE_OPTIONS: '' };
  const child = spawn(process.execPath, [CLI, ...args], { env, cwd });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const shown = (): string => Buffer.concat(stderr).toString();
  const waitFor = (stream: Readable, chunks: readonly Buffer[], text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const seen = Buffer.concat(chunks).toString();
        if (seen.includes(text)) resolve(seen);
      };
      stream.on('data', look);
      child.on('close', () => reject(new Error(`the command never showed ${JSON.stringify(text)}, but: ${shown()}`)));
      look();
    });
  // A command that ends without reading its input breaks the pipe.
  child.stdin.on('error', () => {});
  return {
    stdin: child.stdin,
    ended: new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode, signal) =>
        resolve({ exitCode, signal, stdout: Buffer.concat(stdout).toString(), stderr: shown() }),
      );
    }),
    hasEnded: () => child.exitCode !== null,
    kill: (signal) => void child.kill(signal),
    shows: async (text) => void (await waitFor(child.stderr, stderr, text)),
    prints: (text) => waitFor(child.stdout, stdout, text),
  };
}

/** Runs the command line to its end. */
export async function runCli(
  url: string,
  args: readonly string[],
  input: string | Buffer = '',
  cwd?: string,
): Promise<CliOutcome> {
  const run = startCli(url, args, cwd);
  run.stdin.end(input);
  const { signal: _, ...outcome } = await run.ended;
  return outcome;
}
