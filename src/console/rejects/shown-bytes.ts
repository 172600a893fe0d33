import { isUtf8 } from 'node:buffer';

import { decode, UTF_8 } from '../../files/encoding.js';
import { type Html, html } from '../html/html.js';
import { showEscape, showText } from '../html/show-text.js';

/** Longest character of an encoding. */
const LONGEST_CHARACTER = 4;

/** The bytes of a record, or their head, as text. */
export interface ShownBytes {
  /** Undefined if they are not valid in their encoding. */
  readonly text: string | undefined;
  readonly content: Html;
}

/**
 * Shows bytes so that nothing in them is hidden: controls, characters that reorder text, and bytes that are no text stand as
 * escapes.
 * @param isHead - the end may cut a character
 */
export function showBytes(bytes: Buffer, encoding: string, isHead: boolean): ShownBytes {
  for (let cut = 0; cut < (isHead ? LONGEST_CHARACTER : 1); cut++) {
    const text = decode(bytes.subarray(0, bytes.length - cut), encoding);
    if (text !== undefined) {
      return { text, content: showText(text) };
    }
  }
  return { text: undefined, content: showBroken(bytes, encoding) };
}

/** Bytes that are no text: whatever is ASCII, or valid UTF-8, and the others by their value. */
function showBroken(bytes: Buffer, encoding: string): Html {
  const pieces: Html[] = [];
  let start = 0;
  const flush = (end: number): void => {
    if (start < end) {
      pieces.push(showText(bytes.toString('utf8', start, end)));
    }
  };
  for (let at = 0; at < bytes.length;) {
    const length = encoding === UTF_8 ? lengthOfCharacter(bytes[at] ?? 0) : 1;
    if (isUtf8(bytes.subarray(at, at + length))) {
      at += length;
    } else {
      flush(at);
      pieces.push(showEscape(`\\x${(bytes[at] ?? 0).toString(16).padStart(2, '0')}`));
      at += 1;
      start = at;
    }
  }
  flush(bytes.length);
  return html`${pieces}`;
}

function lengthOfCharacter(first: number): number {
  return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : LONGEST_CHARACTER;
}
