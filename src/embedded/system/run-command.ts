import { execFile } from 'node:child_process';
import { errorMessage } from '../../errors/error-text.js';

export interface CommandResult {
  readonly ok: boolean;
  /** What the command said on both outputs, or why it could not be run. */
  readonly output: string;
}

export interface CommandOptions {
  readonly uid?: number;
  readonly gid?: number;
}

const TIMEOUT_MS = 120_000;

/** Runs a command to its end; a failing command is an answer, not an exception. */
export function runCommand(file: string, args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve) => {
    const settings = { ...options, ...serverEnvironment(), timeout: TIMEOUT_MS };
    try {
      execFile(file, args, settings, (error, stdout, stderr) => {
        resolve({ ok: error === null, output: `${stdout}${stderr}`.trim() || (error?.message ?? '') });
      });
    } catch (error) {
      // Some systems reject the change of user by throwing here instead of calling back.
      resolve({ ok: false, output: errorMessage(error) });
    }
  });
}

/**
 * The surroundings of every command of the server. The directory is one that any account may enter. The environment is
 * a small one of our own, because PG* variables of the user would change what the server does, and LANG the language
 * of its messages.
 */
export function serverEnvironment(): { cwd: string; env: NodeJS.ProcessEnv } {
  const { PATH, TZ } = process.env;
  return { cwd: '/', env: { PATH: PATH ?? '/usr/bin:/bin', LC_ALL: 'C', ...(TZ === undefined ? {} : { TZ }) } };
}
