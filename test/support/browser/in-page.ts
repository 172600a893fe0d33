// Functions for `page.evaluate`: they run in the page, so they use nothing from outside of themselves.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** How far the page can be scrolled sideways, in pixels. */
export function sidewaysScroll(): number {
  const { scrollWidth, clientWidth } = document.documentElement;
  return scrollWidth - clientWidth;
}

/**
 * Texts with less contrast than WCAG's 4.5 (3 for large text), each as `1.23 text`. The background of a text is that of the
 * nearest element that has one.
 */
export function faintTexts(): string[] {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (canvas === null) return ['this browser draws no canvas'];
  // A canvas reads every colour that CSS can write.
  const rgba = (colour: string): readonly number[] => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (upper: readonly number[], lower: readonly number[]): readonly number[] => {
    const alpha = upper[3] ?? 1;
    return [0, 1, 2].map((index) => (upper[index] ?? 0) * alpha + (lower[index] ?? 0) * (1 - alpha));
  };
  const luminance = (colour: readonly number[]): number => {
    const [red = 0, green = 0, blue = 0] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
  const backgroundOf = (element: Element | null): readonly number[] => {
    if (element === null) return isDark ? [18, 18, 18] : [255, 255, 255];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, backgroundOf(element.parentElement));
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint: string[] = [];
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent?.trim() ?? '';
    if (element === null || text === '' || element.closest('title, script, style, option') !== null) continue;
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    const style = getComputedStyle(element);
    const isSvg = element instanceof SVGElement;
    const background = backgroundOf(isSvg ? (element.ownerSVGElement?.parentElement ?? null) : element);
    const colour = over(rgba(isSvg ? style.fill : style.color), background);
    const [light = 0, dark = 0] = [luminance(colour), luminance(background)].toSorted((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    const size = Number.parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (contrast < (isLarge ? 3 : 4.5)) faint.push(`${contrast.toFixed(2)} ${text.slice(0, 40)}`);
  }
  return faint;
}

/** What assistive technology and the keyboard need of a page; each fault as a sentence. */
export function structureFaults(): string[] {
  const all = (selector: string): Element[] => [...document.querySelectorAll(selector)];
  const faults: string[] = [];
  const claim = (holds: boolean, otherwise: string): void => {
    if (!holds) faults.push(otherwise);
  };
  claim(document.documentElement.lang === 'en', 'html has no lang');
  claim(document.title.trim() !== '', 'no title');
  for (const landmark of ['header', 'nav', 'main', 'footer']) {
    claim(all(landmark).length > 0, `no ${landmark}`);
  }
  claim(all('main').length === 1, `${all('main').length} main`);
  claim(all('h1').length === 1, `${all('h1').length} h1`);
  let level = 0;
  for (const heading of all('h1, h2, h3, h4, h5, h6')) {
    const next = Number(heading.tagName.slice(1));
    claim(next <= level + 1, `h${next} after h${level}: ${heading.textContent}`);
    level = next;
  }
  for (const table of all('table')) {
    const name = table.querySelector('caption')?.textContent ?? table.getAttribute('aria-label') ?? '';
    const named = table.getAttribute('aria-labelledby') ?? '';
    claim(
      name !== '' || document.getElementById(named) !== null,
      `a table without a name: ${table.textContent?.slice(0, 60)}`,
    );
    claim(table.querySelector('th') !== null, `a table without th: ${table.textContent?.slice(0, 60)}`);
    for (const th of table.querySelectorAll('th')) {
      claim(th.hasAttribute('scope'), `th without scope: ${th.textContent}`);
    }
  }
  for (const field of all('input:not([type=hidden]), select, textarea')) {
    const { labels } = field as HTMLInputElement;
    claim((labels?.length ?? 0) > 0 || field.hasAttribute('aria-label'), `a field without a label: ${field.outerHTML}`);
  }
  for (const svg of all('svg')) {
    const isDecoration = svg.getAttribute('aria-hidden') === 'true';
    claim(isDecoration || svg.getAttribute('role') === 'img', 'an svg without role=img');
    claim(
      isDecoration || svg.hasAttribute('aria-label') || svg.hasAttribute('aria-labelledby'),
      'an svg without a label',
    );
  }
  for (const link of all('a, button')) {
    claim((link.textContent ?? '').trim() !== '' || link.hasAttribute('aria-label'), `no text: ${link.outerHTML}`);
  }
  const ids = all('[id]').map(({ id }) => id);
  claim(
    new Set(ids).size === ids.length,
    `an id twice: ${ids.filter((id, index) => ids.indexOf(id) < index).join(', ')}`,
  );
  claim(all('[style], style, script:not([src])').length === 0, 'inline style or script');
  for (const link of all('[href], [src], form[action]')) {
    const target = link.getAttribute('href') ?? link.getAttribute('src') ?? link.getAttribute('action') ?? '';
    claim(!/^(?:[a-z]+:|\/)/i.test(target), `not a relative link: ${target}`);
  }
  return faults;
}

/** What is in focus: its tag and its text or name, where it is, and whether the eye sees that it has the focus. */
export function focused(): { name: string; top: number; left: number; isMarked: boolean } {
  const element = document.activeElement ?? document.body;
  const { top, left } = element.getBoundingClientRect();
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
  const name = `${element.tagName.toLowerCase()} ${(element.getAttribute('name') ?? element.textContent ?? '').trim()}`;
  return {
    name: name.slice(0, 60),
    top: top + window.scrollY,
    left,
    isMarked: (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0) || boxShadow !== 'none',
  };
}
