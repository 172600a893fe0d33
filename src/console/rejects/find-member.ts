import type { Span } from '../html/show-text.js';

/**
 * Where a member of a JSON object stands, name and value; of several with a name, the last one, which counts.
 * @param json - a text that JSON.parse accepts
 * @returns undefined if there is none, or the text is no object
 */
export function findMember(json: string, isMeant: (name: string) => boolean): Span | undefined {
  let found: Span | undefined;
  let start: number | undefined;
  let depth = 0;
  if (!json.trimStart().startsWith('{')) {
    return undefined;
  }
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '"') {
      const end = endOfText(json, at);
      if (depth === 1 && isName(json, end) && isMeant(JSON.parse(json.slice(at, end)) as string)) {
        start = at;
      }
      at = end - 1;
    } else if (character === '{' || character === '[') {
      depth++;
    } else if (depth === 1 && start !== undefined && (character === ',' || character === '}')) {
      found = { start, end: start + json.slice(start, at).trimEnd().length };
      start = undefined;
    } else if (character === '}' || character === ']') {
      depth--;
    }
  }
  return found;
}

function isName(json: string, end: number): boolean {
  return json.slice(end).trimStart().startsWith(':');
}

/** Behind the closing quotation mark of the text that begins here. */
function endOfText(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    if (json[at] === '\\') {
      at++;
    } else if (json[at] === '"') {
      return at + 1;
    }
  }
  return json.length;
}
