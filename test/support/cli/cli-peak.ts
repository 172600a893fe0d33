import { spawn } from 'node:child_process';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';

import type { CliOutcome } from './run-cli.js';

/**
 * Writes the process' own high-water mark at its end. `resourceUsage().maxRSS` would not do: it counts what the parent
 * had in memory when it forked.
 */
const TELL_PEAK = `data:text/javascript,import { readFileSync, writeSync } from 'node:fs';
  process.on('exit', () => writeSync(3, readFileSync('/proc/self/status')));`;

/** Why memory cannot be measured here; undefined where it can. */
export const PEAK_IS_UNKNOWN =
  process.platform === 'linux' ? undefined : 'the peak of a process is read from /proc, which only Linux has';

/** Runs the command line on a stream of bytes, and measures the most memory it had at a time. */
export async function runCliForPeak(
  url: string,
  args: readonly string[],
  input: Iterable<Buffer>,
): Promise<CliOutcome & { readonly peakMegabytes: number }> {
  const child = spawn(process.execPath, ['--import', TELL_PEAK, 'dist/src/cli/main.js', ...args], {
    env: { ...process.env, DATABASE_URL: url, NODE_OPTIONS: '' },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const texts = [1, 2, 3].map((fd) => textOf(child.stdio[fd] as Readable));
  await pipeline(Readable.from(input, { objectMode: false, highWaterMark: 1 }), child.stdin as NodeJS.WritableStream);
  const exitCode = await ended;
  const [stdout, stderr, status] = (await Promise.all(texts)) as [string, string, string];
  const peakMegabytes = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  return { exitCode, stdout, stderr, peakMegabytes };
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
