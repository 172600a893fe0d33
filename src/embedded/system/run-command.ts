import { execFile } from 'node:child_process';
import { errorMessage } from '../../errors/error-text.js';

export interface CommandResult {
  readonly ok: boolean;
  /** Output on both streams, or why the command could not be run. */
  readonly output: string;
}

export interface CommandOptions {
  readonly uid?: number;
  readonly gid?: number;
  /** Text for the command's standard input. */
  readonly input?: string;
}

const TIMEOUT_MS = 120_000;

/** Runs a command to its end; a failed command is a result, not an exception. */
export function runCommand(
  file: string,
  args: string[],
  { input = '', ...options }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const settings = { ...options, ...serverEnvironment(), timeout: TIMEOUT_MS };
    try {
      const child = execFile(file, args, settings, (error, stdout, stderr) => {
        resolve({ ok: error === null, output: `${stdout}${stderr}`.trim() || (error?.message ?? '') });
      });
      // A command that ends without reading its input breaks the pipe.
      child.stdin?.on('error', () => undefined).end(input);
    } catch (error) {
      // Some systems throw here on a change of user instead of calling back.
      resolve({ ok: false, output: errorMessage(error) });
    }
  });
}

/**
 * Working directory and environment of every server command. Any account may enter the directory. The environment is
 * minimal, because PG* variables of the user would change the server, and LANG the language of its messages.
 */
export function serverEnvironment(): { cwd: string; env: NodeJS.ProcessEnv } {
  const { PATH, TZ } = process.env;
  return { cwd: '/', env: { PATH: PATH ?? '/usr/bin:/bin', LC_ALL: 'C', ...(TZ === undefined ? {} : { TZ }) } };
}
