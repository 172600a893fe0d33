import { printResult, printTable } from '../../src/cli/output/output.js';
import type { CaseReport } from '../bench.js';
import type { Machine } from './machine.js';

/** A case that was run. */
export interface NamedReport extends CaseReport {
  readonly name: string;
  /** How long the case took. */
  readonly seconds: number;
}

export function printCase({ name, seconds, title, head, rows, more = [], notes, faults }: NamedReport): void {
  printResult(`\n${name}: ${title} (${seconds} s)`);
  if (rows.length > 0) {
    printTable(head, rows);
  }
  for (const table of more) {
    printResult(`\n${name}: ${table.title}`);
    printTable(table.head, table.rows);
  }
  [...notes, ...faults].forEach((note) => printResult(note));
}

export function printGoals(reports: readonly NamedReport[]): void {
  const lines = reports.flatMap(({ name, goals }) =>
    goals.map(({ goal, measured, met, unsure }) => [name, measured, verdict(met, unsure), goal]),
  );
  if (lines.length > 0) {
    printResult('\nGoals: the median decides; smallest and largest of the rounds in brackets');
    printTable(['case', 'measured', '', 'goal'], lines);
  }
}

function verdict(met: boolean | undefined, unsure: boolean): string {
  if (met === undefined) {
    return '';
  }
  return `${met ? 'met' : 'MISSED'}${unsure ? ', not in every round' : ''}`;
}

/** @param loads - system load at the beginning and at the end */
export function printMachine(machine: Machine, loads: readonly number[]): void {
  const { date, cpus, memory, node, postgres, command } = machine;
  printResult(`\n${date}; ${cpus}; ${memory}; Node ${node}; Postgres ${postgres}`);
  printResult(`Load average of a minute: ${loads.map((load) => load.toFixed(1)).join(' before, ')} after\n${command}`);
}
