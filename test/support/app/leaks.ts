import { inspect } from 'node:util';

import { jest } from '@jest/globals';
import { ConsoleLogger } from '@nestjs/common';

import type { LoadProgress } from '../../../src/index.js';
import type { StorageApp } from './storage-app.js';

/** What must be found nowhere but in the record that quarantine keeps. */
export const MARK = 'xyzzy-4711';

/** Listens to all that is said while a load runs, and searches it for {@link MARK}. */
export class Witness {
  readonly heard: unknown[] = [];

  /** Hears what is logged: by Nest's loggers, and by whoever writes to the console, as TypeORM does. */
  constructor() {
    for (const method of ['debug', 'error', 'info', 'log', 'warn'] as const) {
      jest.spyOn(console, method).mockImplementation((...said) => void this.heard.push(said));
    }
  }

  /** The logger of an application. */
  readonly logger = Object.assign(
    new ConsoleLogger(),
    Object.fromEntries(
      ['debug', 'error', 'fatal', 'log', 'verbose', 'warn'].map((method) => [
        method,
        (...said: unknown[]) => void this.heard.push(said),
      ]),
    ),
  );

  /** Hears an application: its logs and its progress. */
  follow(app: StorageApp): void {
    app.module.useLogger(this.logger);
    app.stats.progress$.subscribe((progress) => this.heard.push(progress));
  }

  /** For `onProgress` of a load. */
  readonly onProgress = (progress: LoadProgress): void => void this.heard.push(progress);

  /** Where the mark is found: in what was heard, in these outcomes, in the statistics and in the tables of the module. */
  async leaks(app: StorageApp, ...outcomes: readonly unknown[]): Promise<string[]> {
    const tables = await app.rows<{ place: string; said: string }>(`
      SELECT 'storage_loads' AS place, to_jsonb(t)::text AS said FROM storage_loads AS t
      UNION ALL SELECT 'storage_load_batches', to_jsonb(t)::text FROM storage_load_batches AS t
      UNION ALL SELECT 'storage_rejected_records', (to_jsonb(t) - 'raw' - 'record_key')::text
                  FROM storage_rejected_records AS t`);
    const said = [
      ...tables.map((row): [string, string] => [row.place, row.said]),
      ...outcomes.flatMap((outcome, index) => shown(`outcome ${index}`, outcome)),
      ...shown('what was logged or told', this.heard),
      ...shown('the statistics', [app.stats.snapshot(), await app.stats.history(), await app.stats.totals()]),
    ];
    return said.filter(([, text]) => text.includes(MARK)).map(([place, text]) => `${place}: ${excerpt(text)}`);
  }

  /** Where the mark is found in an outcome, when there is no application to ask. */
  leaksOf(...outcomes: readonly unknown[]): string[] {
    return shown('said', [...outcomes, this.heard])
      .filter(([, text]) => text.includes(MARK))
      .map(([place, text]) => `${place}: ${excerpt(text)}`);
  }
}

/** Every way a value can be shown. */
function shown(place: string, value: unknown): [string, string][] {
  const own = value instanceof Error ? [value.message, value.stack ?? '', String(value)] : [];
  return [
    [
      `${place}, inspected`,
      inspect(value, { depth: Infinity, showHidden: true, maxStringLength: Infinity, maxArrayLength: Infinity }),
    ],
    [
      `${place}, as JSON`,
      JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}` : part)) ?? '',
    ],
    ...own.map((text): [string, string] => [`${place}, as text`, text]),
  ];
}

function excerpt(text: string): string {
  const at = text.indexOf(MARK);
  return text.slice(Math.max(0, at - 120), at + 40);
}
