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
    const result = await console.hybrid
      .untyped()
      .store(
        [
          { submission_id: 'p1', title: 'One', problem_description: 'x', app_concept: 'y', core_functions: ['z'] },
          { submission_id: 'p2', title: 'Two', [HOSTILE]: 1 },
          { title: 'without a key' },
        ],
        { loadKey: `key ${HOSTILE}`, source: `source ${HOSTILE}` },
      );
    ({ loadId } = result);
    await console.rows(
      `INSERT INTO storage_loads (id, table_name, disposition, status, error_code, error_message, finished_at)
       VALUES (gen_random_uuid(), $1, 'merge', 'failed', 'LOAD_FAILED', $1, now()),
              (gen_random_uuid(), $1, $1, 'running', NULL, NULL, NULL)`,
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
});
