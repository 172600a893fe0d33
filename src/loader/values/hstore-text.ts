import { nameType, RejectedValue } from './rejected-value.js';
import { checkSize, checkText, quoteText } from './text-value.js';

const TOKEN = String.raw`(?:"((?:\\[\s\S]|[^"\\])*)"|((?:\\[\s\S]|[^\s"=,>\\])+))`;
const PAIR = new RegExp(String.raw`\s*${TOKEN}\s*=>\s*${TOKEN}\s*(?:,|$)`, 'y');

/**
 * The text of an hstore, from the object or the text that TypeORM reads one into. Postgres would keep one value of a key
 * that a text names twice, and TypeORM would write any value as text.
 * @throws RejectedValue `wrong_type`, `inexact_value` and those of checkText
 */
export function toHstoreText(value: unknown): string {
  const pairs = typeof value === 'string' ? parse(checkText(value)) : fromObject(value);
  return checkSize(
    Array.from(pairs, ([key, item]) => `${quoteText(key)}=>${item === null ? 'NULL' : quoteText(item)}`).join(','),
  );
}

function fromObject(value: unknown): Map<string, string | null> {
  if (Object.prototype.toString.call(value) !== '[object Object]') {
    throw new RejectedValue('wrong_type', `expected an object or text, found ${nameType(value)}`);
  }
  const pairs = new Map<string, string | null>();
  for (const [key, item] of Object.entries(value as object) as [string, unknown][]) {
    if (typeof item !== 'string' && item !== null && item !== undefined) {
      throw new RejectedValue('wrong_type', `hstore holds text and null, found ${nameType(item)}`);
    }
    checkText(key);
    pairs.set(key, typeof item === 'string' ? checkText(item) : null);
  }
  return pairs;
}

function parse(text: string): Map<string, string | null> {
  const pairs = new Map<string, string | null>();
  const pair = new RegExp(PAIR);
  while (pair.lastIndex < text.length && (pair.lastIndex > 0 || text.trim() !== '')) {
    const [match, quotedKey, plainKey, quoted, plain] = pair.exec(text) ?? [];
    if (match === undefined) {
      throw new RejectedValue('wrong_type', 'expected pairs as "key"=>"value"');
    }
    const key = unescape(quotedKey ?? (plainKey as string));
    const content = unescape(quoted ?? (plain as string));
    const item = quoted === undefined && content.toLowerCase() === 'null' ? null : content;
    if (pairs.has(key) && pairs.get(key) !== item) {
      throw new RejectedValue('inexact_value', 'the hstore names a key twice, with different values');
    }
    pairs.set(key, item);
  }
  return pairs;
}

function unescape(text: string): string {
  return text.replaceAll(/\\([\s\S])/g, '$1');
}
