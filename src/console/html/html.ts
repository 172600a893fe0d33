/** Markup that is safe to send: made by the tag {@link html} only. */
export class Html {
  /** @internal use the tag */
  constructor(private readonly markup: string) {}

  toString(): string {
    return this.markup;
  }
}

/** What a template takes: text is escaped, markup and lists are put in as they are, null, undefined and booleans are nothing. */
export type HtmlValue = Html | string | number | boolean | null | undefined | readonly HtmlValue[];

type Place = 'content' | 'tag' | 'attribute';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\0': '\uFFFD',
};
/** The places of the values of each template; its texts are one object in every call. */
const places = new WeakMap<TemplateStringsArray, readonly Place[]>();

/**
 * A template of markup: html`<td title="${name}">${name}</td>`. Within a tag, a text needs quotation marks around it.
 * @throws Error for a text within a tag that is no quoted value: a mistake of the template
 */
export function html(texts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let known = places.get(texts);
  if (known === undefined) {
    known = placesOf(texts);
    places.set(texts, known);
  }
  const found = known;
  const parts = values.map((value, index) => `${markupOf(value, found[index])}${texts[index + 1] ?? ''}`);
  return new Html(`${texts[0] ?? ''}${parts.join('')}`);
}

function markupOf(value: HtmlValue, place: Place | undefined): string {
  if (value === null || value === undefined || typeof value === 'boolean') {
    return '';
  }
  if (Array.isArray(value)) {
    return value.map((item: HtmlValue) => markupOf(item, place)).join('');
  }
  if (value instanceof Html) {
    return value.toString();
  }
  if (place === 'tag') {
    throw new Error('A text within a tag must be the quoted value of an attribute');
  }
  return String(value)
    .toWellFormed()
    .replaceAll(/[&<>"'\0]/g, (character) => ENTITIES[character] ?? '');
}

function placesOf(texts: readonly string[]): Place[] {
  let place: Place = 'content';
  return texts.slice(0, -1).map((text) => {
    for (const character of text) {
      if (place === 'attribute') {
        place = character === '"' ? 'tag' : 'attribute';
      } else if (place === 'tag') {
        place = character === '"' ? 'attribute' : character === '>' ? 'content' : 'tag';
      } else {
        place = character === '<' ? 'tag' : 'content';
      }
    }
    return place;
  });
}
