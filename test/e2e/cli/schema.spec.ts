import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type CommandLine, startCommandLine } from '../../support/cli/command-line.js';
import { withEmptyDatabase } from '../../support/database/databases.js';
import { ODD_NAMES, withOddNames } from '../../support/entities/odd-names.js';
import { runCommand } from '../../support/cli/run-command.js';

describe('harbor-storage schema', () => {
  let cli: CommandLine;
  beforeAll(async () => {
    cli = await startCommandLine();
  });
  afterAll(() => cli.close());

  it('check: exit code 0 without differences', async () => {
    const all = await cli.runHere(['schema', 'check']);
    expect(all).toMatchObject({ exitCode: 0, stderr: '' });
    expect(all.stdout).toMatch(/^No differences: .*submissions/);
    const one = await cli.runHere(['schema', 'check', 'submissions', '--json']);
    expect(JSON.parse(one.stdout)).toEqual({ ok: true, tables: ['submissions'], differences: [], otherTables: [] });
  });

  it('check: exit code 3 with the differences, whether they break a load, and the fix', async () => {
    await cli.rows('ALTER TABLE submissions DROP title, ADD note text');
    const found = await cli.runHere(['schema', 'check', 'submissions']);
    expect(found.exitCode).toBe(3);
    expect(found.stdout).toMatch(/submissions +title +column +text +no such column +yes\n/);
    expect(found.stdout).toMatch(/submissions +note +extra column +no such column +text +no\n/);
    expect(found.stdout).toContain('  ALTER TABLE "public"."submissions" ADD COLUMN "title" text\n');
    const json = await cli.runHere(['schema', 'check', '--json']);
    expect(json.exitCode).toBe(3);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      differences: [
        { table: 'submissions', column: 'title', kind: 'column', breaks: true },
        { table: 'submissions', column: 'note', kind: 'extra column', breaks: false },
      ],
    });
    const load = await cli.runHere(
      ['load', '-', '--format', 'jsonl', '--into', 'submissions'],
      '{"submission_id":"a"}',
    );
    expect(load.exitCode).toBe(1);
    expect(load.stderr).toContain('column submissions.title: expected text, found no such column');
    expect(load.stderr).toContain('To fix: ALTER TABLE "public"."submissions" ADD COLUMN "title" text');
    await cli.rows('ALTER TABLE submissions DROP note, ADD title text');
    expect(await cli.runHere(['schema', 'check'])).toMatchObject({ exitCode: 0 });
  });

  it('check: exit code 3 on a database without migrations, where other commands fail', async () => {
    await withEmptyDatabase(async (url) => {
      const found = await runCommand(url, ['schema', 'check']);
      expect(found.exitCode).toBe(3);
      expect(found.stdout).toContain('\nTo fix:\n  npx harbor-storage migrate up\n');
      await runCommand(url, ['migrate', 'up']);
      expect(await runCommand(url, ['schema', 'check'])).toMatchObject({ exitCode: 0 });
    });
  });

  it('check: exit code 2 for an unknown table', async () => {
    const unknown = await cli.runHere(['schema', 'check', 'nope']);
    expect(unknown).toMatchObject({ exitCode: 2, stdout: '' });
    expect(unknown.stderr).toContain('no entity or table "nope"');
    expect(await cli.runHere(['schema', 'check', 'a', 'b'])).toMatchObject({ exitCode: 2 });
  });

  // The first is written by parameters, the second by COPY.
  it.each([2, 400])('captures fields with odd names in %d lines by name, and lists them', async (count) => {
    await cli.rows('TRUNCATE submissions');
    const lines = Array.from({ length: count }, (_, index) =>
      JSON.stringify(withOddNames({ submission_id: `t3_${index}` })),
    ).join('\n');
    const load = ['load', '-', '--format', 'jsonl', '--into', 'submissions'];
    const first = await cli.runHere([...load, '--json'], lines);
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    const { loadId, unknownFields, inserted } = JSON.parse(first.stdout);
    expect(inserted).toBe(count);
    expect(Object.keys(unknownFields)).toHaveLength(ODD_NAMES.length);
    const rows = await cli.rows<{ extra: object }>('SELECT DISTINCT extra FROM submissions');
    expect(rows).toHaveLength(1);
    expect(Object.entries(rows[0]?.extra ?? {}).sort()).toEqual(ODD_NAMES.map((name, index) => [name, index]).sort());

    const shown = await cli.runHere(['loads', 'show', loadId]);
    expect(shown.stdout).toMatch(/\nFields without a column, captured into extra: .*select \d+.*, and \d+ more\n/);
    expect(shown.stdout).not.toContain('[object');
    const again = await cli.runHere(load, lines);
    expect(again.stdout).toContain('No changes: all records already up to date');
    expect(again.stdout).toContain('Fields without a column, captured into extra: ');
  });
});
