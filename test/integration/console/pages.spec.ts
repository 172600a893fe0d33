import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type ConsoleApp, PLATFORMS, startConsole } from '../../support/console/console-app.js';
import { elementsOf } from '../../support/console/markup.js';

/** A text that would be markup, a script or the end of an attribute, if it were not escaped. */
const HOSTILE = `"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;`;

describe.each(PLATFORMS)('the pages on %s', (platform) => {
  let console: ConsoleApp;
  let loadId: string;

  beforeAll(async () => {
    console = await startConsole({ platform });
    const result = await console.hybrid.untyped().store(
      [
        { submission_id: 'p1', title: 'One', problem_description: 'x', app_concept: 'y', core_functions: ['z'] },
        { submission_id: 'p2', title: 'Two', [HOSTILE]: 1 },
        { submission_id: '', title: 'without a key' },
      ],
      { loadKey: `key ${HOSTILE}`, source: `source ${HOSTILE}` },
    );
    ({ loadId } = result);
    await console.rows(
      `INSERT INTO storage_loads (id, table_name, disposition, status, received, failed, error_code, error_message, finished_at)
       VALUES (gen_random_uuid(), $1, 'merge', 'failed', 902, 902, 'LOAD_FAILED', $1, now()),
              (gen_random_uuid(), $1, $1, 'running', 0, 0, NULL, NULL, NULL)`,
      [HOSTILE],
    );
    await console.rows('UPDATE storage_rejected_records SET table_name = $1, reason = $1', [HOSTILE]);
  });

  afterAll(() => console.close());

  const pages = (): readonly string[] => [
    '',
    '/loads',
    `/loads/${loadId}`,
    `/loads?table=${encodeURIComponent(HOSTILE)}`,
  ];

  it('are well-formed, without anything inline, whatever names and texts there are', async () => {
    for (const path of pages()) {
      const { status, text } = await console.get(`/storage${path}`);
      expect([path, status]).toEqual([path, 200]);
      const elements = elementsOf(text);
      expect(elements.filter(({ name }) => name === 'h1')).toHaveLength(1);
      expect(elements.filter(({ name }) => name === 'img' || name === 'style')).toEqual([]);
      expect(elements.filter(({ name }) => name === 'script')).toHaveLength(1);
      const attributes = elements.flatMap((element) => [...element.attributes.keys()]);
      expect(attributes.filter((name) => name.startsWith('on') || name === 'style')).toEqual([]);
    }
  });

  it('link to each other', async () => {
    const { text } = await console.get('/storage');
    const links = elementsOf(text).flatMap(({ name, attributes }) =>
      name === 'a' ? [attributes.get('href') ?? ''] : [],
    );
    expect(links).toContain(`./storage/loads/${loadId}`);
    expect(links.filter((link) => !/^(?:\.\/|#main$|\?period=)/.test(link))).toEqual([]);
  });

  it('counts records and loads as the history does', async () => {
    const { text } = await console.get('/storage');
    const tiles = [...text.matchAll(/<span class="name">([^<]+)<\/span><strong>([^<]+)</g)].map(([, name, value]) => [
      name,
      value,
    ]);
    expect(tiles).toEqual([
      ['Records received', '905'],
      ['Records rejected', '1'],
      ['Records failed', '902'],
      ['Loads failed', '1'],
    ]);
  });

  it.each([
    ['?period=1y', 400, 'period must be one of 24h, 7d, 30d.'],
    ['?peroid=7d', 400, 'no parameter &quot;peroid&quot;'],
    ['/loads?status=lost', 400, 'status must be one of'],
    ['/loads?from=yesterday', 400, 'from must be a time in UTC'],
    ['/loads?after=1', 400, 'must be a UUID'],
    ['/loads?table=%00', 400, 'table holds a NUL character'],
    ['/loads?table=a&table=b', 400, 'table is given twice'],
    ['/loads/1', 400, 'must be a UUID'],
    ['/loads/00000000-0000-4000-8000-000000000000', 404, 'The history has no load with this id'],
  ])('answer %s with %i', async (path, expected, message) => {
    const { status, text } = await console.get(`/storage${path}`);
    expect(status).toBe(expected);
    expect(text).toContain(message);
    expect(elementsOf(text).filter(({ name }) => name === 'main')).toHaveLength(1);
  });

  it('show the shards of a load', async () => {
    const shard = { index: 1, count: 3 };
    const loaded = await console.hybrid.untyped().storeBatch([{ submission_id: 'p9' }], { loadKey: 'shards', shard });
    const { text } = await console.get(`/storage/loads/${loaded.loadId}`);
    const [, table = ''] = /<h2[^>]*>3 shards<[^]*?<tbody>([^]*?)<\/tbody>/.exec(text) ?? [];
    const rows = table.split('</tr>').map((row) => row.replace(/<[^>]*>/g, ' '));
    expect(rows.slice(0, 3)).toEqual([
      expect.stringMatching(/^\s*0\s+not started\s+0/),
      expect.stringMatching(/^\s*1\s+completed\s+1/),
      expect.stringMatching(/^\s*2\s+not started\s+0/),
    ]);
  });
});
