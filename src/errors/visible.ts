/** Characters that a terminal acts on: controls, but for line feed and tab, and those that reorder text. */
const ACTIVE = /[^\P{Cc}\n\t]|[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;
/** Those, line feed and tab. */
const ACTIVE_IN_LINE = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** Shows characters that must not reach the terminal as escapes, for example `\x1b`. Text may come from anywhere. */
export function visible(text: string): string {
  return text.replaceAll(ACTIVE, escaped);
}

/** {@link visible} on one line: line feeds and tabs are escapes too. */
export function visibleInLine(text: string): string {
  return text.replaceAll(ACTIVE_IN_LINE, escaped);
}

/** The same JSON, whose texts hold no such characters. */
export function visibleJson(json: string): string {
  return json.replaceAll(ACTIVE_IN_LINE, (character) => `\\u${hex(character, 4)}`);
}

/** A part of a text: characters as they are, or the escape of one. */
export interface VisiblePart {
  readonly text: string;
  readonly isEscape: boolean;
}

/** {@link visible} in parts, so that an escape can be told from a text that looks like one. */
export function visibleParts(text: string): VisiblePart[] {
  const parts: VisiblePart[] = [];
  let end = 0;
  for (const { 0: character, index } of text.matchAll(ACTIVE)) {
    parts.push({ text: text.slice(end, index), isEscape: false }, { text: escaped(character), isEscape: true });
    end = index + character.length;
  }
  return [...parts, { text: text.slice(end), isEscape: false }].filter(({ text: part }) => part !== '');
}

function escaped(character: string): string {
  const named = { '\n': String.raw`\n`, '\r': String.raw`\r`, '\t': String.raw`\t` }[character];
  return named ?? (character > '\xff' ? `\\u${hex(character, 4)}` : `\\x${hex(character, 2)}`);
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}
