import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { errorCode } from '../../src/errors/error-text.js';

/**
 * Runs a command whose output is shown, in a process group of its own: Ctrl-C in the terminal reaches this process, which
 * ends the group, and then what else it has started.
 * @returns the exit code; null when a signal ended it
 */
export async function runToEnd(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<number | null> {
  signal.throwIfAborted();
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    // What it prints is no result of this command.
    stdio: ['ignore', process.stderr, process.stderr],
    detached: true,
  });
  const end = (): void => killGroup(child.pid, 'SIGTERM');
  signal.addEventListener('abort', end);
  try {
    const [exitCode] = (await once(child, 'exit')) as [number | null];
    return exitCode;
  } finally {
    signal.removeEventListener('abort', end);
    killGroup(child.pid, 'SIGKILL');
  }
}

/** Does nothing where the group has ended. */
function killGroup(leader: number | undefined, name: NodeJS.Signals): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, name);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}
