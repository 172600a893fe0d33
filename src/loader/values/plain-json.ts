import { shortestText } from './numbers/number-text.js';

/** Not a quote, a backslash, a control character or a surrogate: JSON escapes those, and half of a pair is no text. */
const ESCAPED = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;
/** Deeper data is looked at more closely. */
const MAX_NESTING = 64;
/** So few that their bytes need no counting: see `checkSize`. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/**
 * The JSON text of a value as `toJsonText` writes it, in one pass that reads each member once. Undefined where the value is
 * not plain data that the text tells completely, with every type and digit.
 */
export function plainJsonText(value: object): string | undefined {
  const text = objectText(value, 0);
  return text !== undefined && text.length < MAX_CHARACTERS ? text : undefined;
}

function textOf(value: unknown, nesting: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return stringText(value);
    case 'number':
      return numberText(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return value === null ? 'null' : objectText(value, nesting);
    default:
      return undefined;
  }
}

function stringText(text: string): string | undefined {
  if (!ESCAPED.test(text)) {
    return `"${text}"`;
  }
  return text.includes('\0') || !text.isWellFormed() ? undefined : JSON.stringify(text);
}

function numberText(value: number): string | undefined {
  const isTold = Number.isInteger(value)
    ? Number.isSafeInteger(value) && !Object.is(value, -0)
    : Number.isFinite(value);
  return isTold ? shortestText(value) : undefined;
}

function objectText(value: object, nesting: number): string | undefined {
  // Both change what JSON.stringify, or the check for data, makes of an object.
  if (nesting > MAX_NESTING || 'toJSON' in value || Symbol.toStringTag in value) {
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Array.prototype) {
    return arrayText(value as unknown[], nesting);
  }
  return prototype === Object.prototype ? membersText(value as Record<string, unknown>, nesting) : undefined;
}

function arrayText(items: readonly unknown[], nesting: number): string | undefined {
  let text = '[';
  for (let index = 0; index < items.length; index += 1) {
    const item = textOf(items[index], nesting + 1);
    if (item === undefined) {
      return undefined;
    }
    text += index === 0 ? item : `,${item}`;
  }
  return `${text}]`;
}

function membersText(value: Readonly<Record<string, unknown>>, nesting: number): string | undefined {
  let text = '{';
  let separator = '';
  for (const name of Object.keys(value)) {
    const [key, member] = [stringText(name), textOf(value[name], nesting + 1)];
    if (key === undefined || member === undefined) {
      return undefined;
    }
    text += `${separator}${key}:${member}`;
    separator = ',';
  }
  return `${text}}`;
}
