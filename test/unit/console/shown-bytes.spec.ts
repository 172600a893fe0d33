import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { showBytes } from '../../../src/console/rejects/shown-bytes.js';
import { propertyRuns } from '../../support/sizes/sizes.js';

const shown = (bytes: Buffer, encoding = 'utf-8', isHead = false): string =>
  String(showBytes(bytes, encoding, isHead).content);
const escape = (text: string): string => `<span class="escape">${text}</span>`;

describe('the bytes of a record', () => {
  it('hold nothing that is hidden or acts, whatever they are', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.constantFrom('<script>', '\0', '\u202E', '\u001B[2J', 'é', '€', '😀').map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), fc.boolean(), (pieces, isHead) => {
        const markup = shown(Buffer.concat(pieces), 'utf-8', isHead);
        expect(markup).not.toMatch(/[^\P{Cc}\n\t]|[\u202A-\u202E\u2066-\u2069\uFFFD]/u);
        expect(markup.replaceAll(/<span class="escape">|<\/span>/g, '')).not.toMatch(/[<>"']/);
      }),
      propertyRuns(200),
    );
  });

  it.each([
    [[0x61, 0xff, 0x62], 'utf-8', `a${escape(String.raw`\xff`)}b`],
    // Half of a character, and a text that looks like an escape.
    [
      [0xe2, 0x82, 0x5c, 0x78, 0x66, 0x66],
      'utf-8',
      String.raw`${escape(String.raw`\xe2`)}${escape(String.raw`\x82`)}\xff`,
    ],
    [[0xe2, 0x82, 0xac], 'utf-8', '€'],
    [[0xe4], 'iso-8859-15', 'ä'],
    [[0x61, 0x00, 0x3d], 'utf-16le', `a${escape(String.raw`\x00`)}=`],
    [[0x00, 0x0a, 0x09, 0x0d], 'utf-8', `${escape(String.raw`\x00`)}\n\t${escape(String.raw`\r`)}`],
  ])('%j in %s are shown as %s', (bytes, encoding, markup) => {
    expect(shown(Buffer.from(bytes), encoding)).toBe(markup);
  });

  it('that end within a character are valid only where they are cut', () => {
    const cut = Buffer.from('a€').subarray(0, 3);
    expect(showBytes(cut, 'utf-8', true)).toMatchObject({ text: 'a' });
    expect(showBytes(cut, 'utf-8', false)).toMatchObject({ text: undefined });
  });
});
