import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type ConsoleApp, startConsole } from '../../support/console/console-app.js';

/** The text of a page. */
function textOf(page: string): string {
  return page
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll(/\s+/g, ' ');
}

describe('the schema pages', () => {
  let console: ConsoleApp;
  beforeAll(async () => {
    console = await startConsole({ platform: 'express' });
  });
  afterAll(() => console.close());
  const read = async (path: string) => {
    const { status, text } = await console.get(`/storage/schema${path}`);
    return [status, textOf(text), text] as const;
  };

  it('say that entities and tables agree, and list the tables', async () => {
    const [status, text, page] = await read('');
    expect(status).toBe(200);
    expect(text).toMatch(/All migrations are applied\. No differences: \d+ tables as the entities say/);
    expect(page).toContain('href="./schema/submissions"');
  });

  it('propose columns for captured fields, with the source of the migration, on request', async () => {
    await console.profiles.untyped().store([
      { submission_id: 'a', 'flair</pre><script>alert(1)</script>': 'x', post_hint: 'image' },
      { submission_id: 'b', post_hint: 'video' },
    ]);
    const [, before] = await read('/submissions');
    expect(before).toContain('Scan captured fields now');
    expect(before).not.toContain('post_hint');
    const [status, text, page] = await read('/submissions?scan=fields');
    expect(status).toBe(200);
    expect(text).toContain('Read all 2 rows');
    expect(text).toMatch(/post_hint 2 100 % string 2 post_hint text/);
    expect(text).toMatch(/\d{13}-promote-submissions-fields\.ts import/);
    expect(text).toContain("column: 'post_hint'");
    expect(page).not.toContain('<script>alert');
    expect(await console.count('submissions WHERE extra IS NOT NULL')).toBe(2);
  });

  it('propose wider types for columns that rejected records, on request', async () => {
    await console.rows('ALTER TABLE submissions ALTER COLUMN title TYPE varchar(5)');
    await console.rows(
      `INSERT INTO storage_rejected_records (id, load_id, table_name, position, raw, reason, column_name, message)
       VALUES (gen_random_uuid(), gen_random_uuid(), 'submissions', 0, '{"title":"too long"}', '22001', 'title', 'too long')`,
    );
    const [, text] = await read('/submissions?scan=rejects');
    expect(text).toMatch(/title 1 1 \S+ \S+ 22001 character varying\(5\) to text \(in place\)/);
    expect(text).toContain('-widen-submissions-columns.ts');
    await console.rows('ALTER TABLE submissions ALTER COLUMN title TYPE text');
  });

  it('list differences and pending migrations with the commands that fix them', async () => {
    await console.rows('ALTER TABLE app_opportunities DROP COLUMN title');
    await console.rows('ALTER TABLE submissions ADD COLUMN "<script>" text');
    await console.rows('DELETE FROM storage_migrations WHERE id = (SELECT max(id) FROM storage_migrations)');
    const [status, text, page] = await read('');
    expect(status).toBe(200);
    expect(text).toMatch(/Pending migrations 1 migration not applied .* To fix npx harbor-storage migrate up/);
    expect(text).toMatch(/Differences that stop loads .*app_opportunities title column/);
    expect(page).not.toContain('<script>"');
    expect((await read('/app_opportunities'))[1]).toContain('Differences that stop loads');
    expect((await read('/submissions'))[1]).not.toContain('Differences that stop loads');
  });

  it.each([
    ['/nowhere', 404],
    ['/submissions?scan=all', 400],
    ['/submissions?colour=red', 400],
  ])('answer %s with %i', async (path, status) => {
    expect((await read(path))[0]).toBe(status);
  });

  it('say of a table that captures nothing that it does', async () => {
    expect((await read('/storage_loads'))[1]).toContain('captures none');
    expect((await read('/storage_loads?scan=fields'))[0]).toBe(400);
  });
});
