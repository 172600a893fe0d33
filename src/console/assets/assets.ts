import { createHash } from 'node:crypto';

import type { Asset } from '../html/page.js';
import { SCRIPT } from './script.js';
import { STYLESHEET } from './stylesheet.js';

const FILES = {
  'console.css': { type: 'text/css; charset=utf-8', text: STYLESHEET, hash: hashOf(STYLESHEET) },
  'console.js': { type: 'text/javascript; charset=utf-8', text: SCRIPT, hash: hashOf(SCRIPT) },
} as const;

/** Name of a stylesheet or script of the console. */
export type AssetName = keyof typeof FILES;

/** Link from the overview. It changes with the content, so that a browser may keep the file. */
export function assetLink(name: AssetName): string {
  return `assets/${name}?v=${FILES[name].hash}`;
}

/** @param hash - as in {@link assetLink}; a link of another version gets this one, which is then not kept */
export function assetOf(name: AssetName, hash: string | null): Asset {
  const file = FILES[name];
  return { type: file.type, text: file.text, isImmutable: hash === file.hash };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
