import { printResult, printTable } from '../../src/cli/output/output.js';
import { LAUNCHER_TESTS, runsLauncherTests, type SuiteResult } from './run-suites.js';
import type { Target } from './targets.js';

/** What became of one target. */
export type Outcome =
  | { readonly target: Target; readonly server: string; readonly result: SuiteResult }
  | {
      readonly target: Target;
      readonly notRun: string;
      /** It cannot run on this machine. False where it should have. */
      readonly isAllowed: boolean;
    };

/** Prints the table of all targets, the skipped tests and what did not run. */
export function printReport(outcomes: readonly Outcome[]): void {
  printTable(
    ['target', 'server', 'suites', 'passed', 'failed', 'skipped', 'seconds'],
    outcomes.map((outcome) => {
      if ('notRun' in outcome) return [outcome.target.name, 'not run'];
      const { suites, passed, failed, skipped, seconds } = outcome.result;
      return [outcome.target.name, outcome.server, suites, passed, failed, skipped.length, Math.round(seconds)];
    }),
  );
  printList('Skipped tests:', outcomes.flatMap(skippedIn));
  printList('Not run:', outcomes.flatMap(notRunIn));
}

/** Whether nothing failed. */
export function isGreen(outcome: Outcome): boolean {
  return 'notRun' in outcome ? outcome.isAllowed : outcome.result.ok;
}

function skippedIn(outcome: Outcome): string[] {
  return 'notRun' in outcome ? [] : outcome.result.skipped.map((name) => `${outcome.target.name}: ${name}`);
}

function notRunIn(outcome: Outcome): string[] {
  const { name } = outcome.target;
  if ('notRun' in outcome) return [`${name}: ${outcome.notRun}`];
  return runsLauncherTests(outcome.target)
    ? []
    : [`${name}: ${LAUNCHER_TESTS}, whose servers are of the installed version`];
}

function printList(title: string, lines: readonly string[]): void {
  if (lines.length > 0) printResult(['', title, ...lines.map((line) => `  ${line}`)].join('\n'));
}
