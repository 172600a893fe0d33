import { isLosslessNumber } from 'lossless-json';

import { parseExactJson } from '../files/json/parse-json-line.js';

/** The record contains something that bytes cannot restore, or the bytes were not made by {@link rawBytesOf}. */
class NotRevivable extends Error {}

/** Meaning of objects with one `$` member. */
const REVIVERS: ReadonlyMap<string, (content: unknown) => unknown> = new Map<string, (content: unknown) => unknown>([
  ['$undefined', () => undefined],
  ['$number', Number],
  ['$bigint', (digits) => BigInt(digits as string)],
  ['$date', (text) => new Date(text === 'invalid' ? Number.NaN : (text as string))],
  ['$buffer', (text) => Buffer.from(text as string, 'base64')],
  ['$bytes', (text) => Uint8Array.from(Buffer.from(text as string, 'base64'))],
  ['$map', (entries) => new Map(reviveAll(entries) as [unknown, unknown][])],
  ['$set', (items) => new Set(reviveAll(items))],
  ['$toJSON', (content) => withoutPrototype([['toJSON', constantly(revive(content))]])],
]);

/**
 * Restores a record that was passed as an object from its bytes in quarantine; a load treats both the same. Objects have no
 * prototype, so that code relying on methods of a class fails instead of storing something else.
 * @returns undefined if it contained something that cannot be restored: a function, a symbol, a cycle, a getter that
 * threw, an object JSON cannot express
 */
export function reviveRecord(raw: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: revive(parseExactJson(raw.toString())) };
  } catch {
    return undefined;
  }
}

function revive(node: unknown): unknown {
  if (typeof node !== 'object' || node === null || isLosslessNumber(node)) {
    return node;
  }
  if (Array.isArray(node)) {
    return reviveAll(node);
  }
  const members = Object.entries(node as Record<string, unknown>);
  const [first, ...more] = members;
  if (first === undefined || more.length > 0 || !first[0].startsWith('$')) {
    return withoutPrototype(members.map(([name, content]) => [name, revive(content)]));
  }
  const [name, content] = first;
  if (name.startsWith('$$')) {
    return withoutPrototype([[name.slice(1), revive(content)]]);
  }
  const reviver = REVIVERS.get(name);
  if (reviver === undefined) {
    throw new NotRevivable(name);
  }
  return reviver(content);
}

function reviveAll(items: unknown): unknown[] {
  return (items as unknown[]).map(revive);
}

function withoutPrototype(members: readonly (readonly [string, unknown])[]): object {
  const object = Object.create(null) as Record<string, unknown>;
  members.forEach(([name, content]) => (object[name] = content));
  return object;
}

function constantly<T>(value: T): () => T {
  return () => value;
}
