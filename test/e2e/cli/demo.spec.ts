import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { startCommandLine } from '../../support/cli/command-line.js';

/** The output that a page shows, of which the README has the beginning. */
function shownIn(page: string): string {
  const [, block] = /```text\n(hybrid records[\s\S]*?)```/.exec(readFileSync(page, 'utf8')) ?? [];
  return block ?? 'the page shows no output';
}

describe('harbor-storage demo', () => {
  it('prints what README.md and docs/start/getting-started.md show', async () => {
    const cli = await startCommandLine();
    try {
      const { exitCode, stdout } = await cli.runHere(['demo']);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(shownIn('README.md'));
      expect(stdout).toContain(shownIn('docs/start/getting-started.md'));
    } finally {
      await cli.close();
    }
  });
});
