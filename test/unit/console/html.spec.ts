import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { SCRIPT } from '../../../src/console/assets/script.js';
import { html } from '../../../src/console/html/html.js';
import { copyable } from '../../../src/console/schema/schema-pages.js';
import { propertyRuns } from '../../support/sizes/sizes.js';

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** What a browser reads of escaped text; undefined where it would read markup. */
function readBack(markup: string): string | undefined {
  const rest = markup.replaceAll(/&(amp|lt|gt|quot|#39);/g, '');
  return /[<>"'&\0]/.test(rest) ? undefined : markup.replaceAll(/&([^;]+);/g, (_, name: string) => NAMED[name] ?? '');
}

const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('<', '>', '&', '"', "'", '/', '=', '\0', ' ', 'a', '\ud800', '\udc00', '-', '!') }),
  fc.constantFrom('</script><script>alert(1)</script>', '" onmouseover="alert(1)', '<!--', ']]>', '&lt;', '\u2028'),
);

describe('the html tag', () => {
  it('shows any text as it is, in content and in attributes', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const [, attribute = '', content = ''] = /^<p title="([^]*)">([^]*)<\/p>$/.exec(
          String(html`<p title="${text}">${text}</p>`),
        ) as RegExpExecArray;
        const shown = text.toWellFormed().replaceAll('\0', '\uFFFD');
        expect([readBack(attribute), readBack(content)]).toEqual([shown, shown]);
      }),
      propertyRuns(1000),
    );
  });

  it('puts in markup, lists and numbers, and nothing for what is absent', () => {
    const items = ['a', 'b<'].map((item) => html`<i>${item}</i>`);
    expect(String(html`${items}${null}${undefined}${false}${true}${0}${['x', ['<']]}`)).toBe(
      '<i>a</i><i>b&lt;</i>0x&lt;',
    );
  });

  it('takes markup, but no text, within a tag', () => {
    const selected = html` selected`;
    expect(String(html`<option${selected}${false} value="${'a'}">`)).toBe('<option selected value="a">');
    const text = 'onload=alert(1)';
    expect(() => html`<img ${text} />`).toThrow('quoted value');
    expect(() => html`<img src=${text} />`).toThrow('quoted value');
    expect(() => html`<img title="a>${text}" ${text} />`).toThrow('quoted value');
  });

  it('takes nothing that looks like markup for it', () => {
    const forged = { markup: '<b>', toString: () => '<b>' } as unknown as string;
    expect(String(html`${forged}`)).toBe('&lt;b&gt;');
  });
});

it('gives the source of a migration the class by which the script finds what to copy', () => {
  expect(copyable('1-widen.ts', 'a < b').toString()).toContain('<pre class="copy" tabindex="0">a &lt; b</pre>');
  expect(SCRIPT).toContain("querySelectorAll('.copy')");
});
