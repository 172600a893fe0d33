import { Console } from 'node:console';
import { Readable, Writable } from 'node:stream';

import { runCommandLine } from '../../../src/cli/run-command-line.js';
import type { CliOutcome } from './run-cli.js';

let lastOne: Promise<unknown> = Promise.resolve();

/**
 * Runs a command in this process, which saves the second a process of its own takes to begin. What only a process shows
 * (that it ends by itself, signals, what Node writes) is for `runCli`. One runs after another: they share the streams.
 * @param cwd - where the embedded Postgres of an empty `url` keeps its data
 */
export function runCommand(
  url: string,
  args: readonly string[],
  input: string | Buffer = '',
  cwd = process.cwd(),
): Promise<CliOutcome> {
  const outcome = lastOne.then(() => runAlone(url, args, input, cwd));
  lastOne = outcome.catch(() => {});
  return outcome;
}

async function runAlone(
  url: string,
  args: readonly string[],
  input: string | Buffer,
  cwd: string,
): Promise<CliOutcome> {
  const [stdout, stderr] = [new Printed(), new Printed()];
  const streams = { stdin: Readable.from([Buffer.from(input)]), stdout, stderr };
  const names = Object.keys(streams) as (keyof typeof streams)[];
  const before = names.map((name) => Object.getOwnPropertyDescriptor(process, name) as PropertyDescriptor);
  const { exitCode, env } = process;
  const directory = process.cwd();
  const { console } = globalThis;
  names.forEach((name) => Object.defineProperty(process, name, { configurable: true, value: streams[name] }));
  process.exitCode = 0;
  process.env = { ...env, DATABASE_URL: url };
  globalThis.console = new Console(stdout, stderr);
  process.chdir(cwd);
  try {
    await runCommandLine(args);
    return { exitCode: Number(process.exitCode), stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    names.forEach((name, index) => Object.defineProperty(process, name, before[index] as PropertyDescriptor));
    process.exitCode = exitCode;
    process.env = env;
    globalThis.console = console;
    process.chdir(directory);
  }
}

class Printed extends Writable {
  private readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }

  text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}
