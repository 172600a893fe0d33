import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BenchError } from '../bench-error.js';

const run = promisify(execFile);
const STDERR_TAIL = 2_000;

export interface ChildOptions {
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Runs a program and returns its output.
 * @throws BenchError with the end of its stderr, without passwords
 */
export async function runChild(file: string, args: readonly string[], options: ChildOptions = {}): Promise<string> {
  const { environment = {}, signal } = options;
  try {
    const { stdout } = await run(file, args, {
      env: { ...process.env, ...environment },
      signal,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const stderr = String((error as { stderr?: unknown }).stderr ?? '').trim();
    const secrets = Object.values(environment).flatMap(secretsOf);
    const shown = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), stderr.slice(-STDERR_TAIL));
    throw new BenchError(`${file} failed: ${shown === '' ? 'no output' : shown}`);
  }
}

/** Whether a program runs successfully with these arguments. */
export async function canRun(file: string, args: readonly string[]): Promise<boolean> {
  return run(file, args).then(
    () => true,
    () => false,
  );
}

/** The password of a connection URL, encoded and decoded; none for any other value. */
function secretsOf(value: string): string[] {
  if (!URL.canParse(value)) {
    return [];
  }
  const { password } = new URL(value);
  return password === '' ? [] : [password, decodeURIComponent(password)];
}
