import type { BenchTable } from '../report/table.js';
import type { BenchRecord } from './data.js';

/** Records as lines of Python's `json.dumps` with its defaults: spaces after separators, all but ASCII escaped. */
export function* pythonLines({ columns }: BenchTable, records: Iterable<BenchRecord>): Generator<string> {
  const floats = new Set(columns.filter(({ type }) => type === 'double precision').map(({ name }) => name));
  for (const record of records) {
    const fields = Object.entries(record).map(([name, value]) => {
      const text = floats.has(name) && Number.isInteger(value) ? `${String(value)}.0` : pythonJson(value);
      return `${pythonJson(name)}: ${text}`;
    });
    yield `{${fields.join(', ')}}\n`;
  }
}

function pythonJson(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(pythonJson).join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([name, each]) => `${pythonJson(name)}: ${pythonJson(each)}`);
    return `{${fields.join(', ')}}`;
  }
  return (JSON.stringify(value) ?? 'null').replaceAll(/[^\0-\x7f]/g, escapeCodeUnit);
}

function escapeCodeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
