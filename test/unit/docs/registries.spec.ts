import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { ROOT } from '../../../scripts/docs/pages.js';
import { ERROR_CODES, KEEP_REASONS, REJECT_REASONS } from '../../../src/index.js';

const REGISTRIES = ['error-codes.ts', 'reject-reasons.ts', 'keep-reasons.ts'];

describe('the registries the documentation is generated from', () => {
  const sources = readSources();

  // The compiler checks the opposite: everything produced is listed in one of them.
  it.each([
    ['ERROR_CODES', ERROR_CODES],
    ['REJECT_REASONS', REJECT_REASONS],
    ['KEEP_REASONS', KEEP_REASONS],
  ])('%s hold nothing that is produced nowhere', (_name, registry) => {
    expect(Object.keys(registry).filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
  });
});

/** All of `src` but the registries. */
function readSources(): string {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !REGISTRIES.some((name) => file.endsWith(name)))
    .map((file) => readFileSync(join(ROOT, 'src', file), 'utf8'))
    .join('\n');
}
