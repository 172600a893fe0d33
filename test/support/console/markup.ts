/** An element of a page. */
export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

const VOID = new Set(['meta', 'link', 'input', 'br', 'hr', 'img']);
const TAG = /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w-]+(?:="[^"<>]*")?)*)\s*(\/?)>|<!doctype html>|<|>/g;
const ATTRIBUTE = /([\w-]+)(?:="([^"]*)")?/g;

/**
 * The elements of a page, in their order.
 * @throws Error for markup that is not well-formed: a tag without its end, an unquoted attribute, a stray `<` or `>`
 */
export function elementsOf(markup: string): Element[] {
  const open: string[] = [];
  const elements: Element[] = [];
  for (const [tag, slash, name, rest = '', selfClosing] of markup.matchAll(TAG)) {
    if (name === undefined) {
      if (tag === '<' || tag === '>') {
        throw new Error(`stray ${tag}`);
      }
    } else if (slash === '/') {
      const last = open.pop();
      if (last !== name) {
        throw new Error(`</${name}> ends <${last}>`);
      }
    } else {
      const attributes = new Map([...rest.matchAll(ATTRIBUTE)].map(([, key = '', value = '']) => [key, value]));
      elements.push({ name, attributes });
      if (selfClosing === '' && !VOID.has(name)) {
        open.push(name);
      }
    }
  }
  if (open.length > 0) {
    throw new Error(`no end of ${open.join(', ')}`);
  }
  return elements;
}
