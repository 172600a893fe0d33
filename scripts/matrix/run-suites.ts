import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';

import { ignoring } from '../../src/embedded/system/system-errors.js';
import { runToEnd } from './processes.js';
import { INSTALLED, type Target } from './targets.js';

/** What is run, by default. */
export const SUITES = ['test/integration', 'test/e2e'];

/** Tests of the launcher. Their servers are of the installed version, whatever TEST_DATABASE_URL says. */
export const LAUNCHER_TESTS = 'test/integration/embedded';

/** Result of jest, as far as it is used here. */
interface JestResult {
  readonly numTotalTestSuites: number;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** What became of the tests on one target. */
export interface SuiteResult {
  /** Jest ended with 0. It does not when a file of tests cannot be loaded, which fails no test. */
  readonly ok: boolean;
  readonly suites: number;
  readonly passed: number;
  readonly failed: number;
  /** File and full name of each skipped test, with the reason where its title has one. */
  readonly skipped: readonly string[];
  readonly seconds: number;
}

export interface SuiteOptions {
  readonly workers: number | undefined;
  /** Paths below the repository. */
  readonly tests: readonly string[];
}

/** Whether the launcher's tests run on a target: once, on the installed version. */
export function runsLauncherTests({ major, throughPgBouncer }: Target): boolean {
  return major === INSTALLED && !throughPgBouncer;
}

/** Runs the suites on the server of `url`. @throws Error when jest leaves no result */
export async function runSuites(
  target: Target,
  url: string,
  { workers, tests }: SuiteOptions,
  signal: AbortSignal,
): Promise<SuiteResult> {
  const folder = await mkdtemp(join(tmpdir(), 'harbor-storage-matrix-'));
  try {
    const output = join(folder, 'result.json');
    const args = [
      ...tests,
      '--json',
      `--outputFile=${output}`,
      ...(workers === undefined ? [] : [`--maxWorkers=${workers}`]),
      ...(runsLauncherTests(target) ? [] : ['--testPathIgnorePatterns', LAUNCHER_TESTS]),
    ];
    const env = { TEST_DATABASE_URL: url, HARBOR_TEST_VIA: target.throughPgBouncer ? target.name : '' };
    const start = performance.now();
    const exitCode = await runToEnd('npm', ['test', '--', ...args], env, signal);
    const seconds = (performance.now() - start) / 1000;
    signal.throwIfAborted();
    const text = await readFile(output, 'utf8').catch(ignoring('ENOENT'));
    if (text === undefined) throw new Error(`jest ended with ${exitCode} before its first test; its message is above`);
    return { ok: exitCode === 0, seconds, ...countsOf(JSON.parse(text) as JestResult) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function countsOf(result: JestResult): Omit<SuiteResult, 'ok' | 'seconds'> {
  return {
    suites: result.numTotalTestSuites,
    passed: result.numPassedTests,
    failed: result.numFailedTests,
    skipped: result.testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'pending')
        .map(({ fullName }) => `${relative(resolve('.'), name)}: ${fullName}`),
    ),
  };
}
