import { visibleParts } from '../../errors/visible.js';
import { type Html, html } from './html.js';

/** A part of a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Shows a text that may come from anywhere: controls, and characters that reorder text, stand as escapes.
 * @param marked - a part to mark
 */
export function showText(text: string, marked?: Span): Html {
  if (marked === undefined) {
    return html`${visibleParts(text).map(({ text: part, isEscape }) => (isEscape ? showEscape(part) : part))}`;
  }
  const { start, end } = marked;
  const [before, part, after] = [text.slice(0, start), text.slice(start, end), text.slice(end)].map((each) =>
    showText(each),
  );
  return html`${before}<mark>${part}</mark>${after}`;
}

/** Marks a text as an escape, so that it is not taken for what it looks like. */
export function showEscape(text: string): Html {
  return html`<span class="escape">${text}</span>`;
}
