import { createHash } from 'node:crypto';

import type { Asset } from '../html/page.js';
import { SCRIPT } from './script.js';
import { STYLESHEET } from './stylesheet.js';

/** Three bars. Without an icon, browsers ask the application for one of its own. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0a58a8"/><path d="M3 9h2v4H3zM7 6h2v7H7zM11 3h2v10h-2z" fill="#fff"/></svg>`;

const FILES = {
  'console.css': { type: 'text/css; charset=utf-8', text: STYLESHEET, hash: hashOf(STYLESHEET) },
  'console.js': { type: 'text/javascript; charset=utf-8', text: SCRIPT, hash: hashOf(SCRIPT) },
  'console.svg': { type: 'image/svg+xml', text: ICON, hash: hashOf(ICON) },
} as const;

/** Name of a file that pages of the console refer to. */
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
