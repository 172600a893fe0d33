import { describe, expect, it } from '@jest/globals';

import { anchorsIn, linksIn } from '../../../scripts/docs/links.js';

describe('the links of a Markdown page', () => {
  it('are those that point into the repository, outside code', () => {
    const page = [
      '[a](docs/a.md#x) [b](https://example.org) `[c](c.md)` [`d`](d.md)',
      '```md',
      '[e](e.md)',
      '```',
      '![image](image.png)',
    ];
    expect(linksIn(page.join('\n'))).toEqual(['docs/a.md#x', 'd.md']);
  });

  it('may name headings as GitHub does', () => {
    const page = ['# One `two` three', '## Again', '## Again', '### ERROR_CODE', '```sh', '# no heading', '```'];
    expect([...anchorsIn(page.join('\n'))]).toEqual(['one-two-three', 'again', 'again-1', 'error_code']);
  });
});
