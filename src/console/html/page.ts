import type { Readable } from 'node:stream';

import type { Html } from './html.js';

/** An entry of the navigation. */
export type Section = 'overview' | 'loads' | 'rejects' | 'schema';

/** A page of the console, without the layout around it. */
export interface Page {
  /** Heading of the page, and title of the window. */
  readonly title: string;
  /** Markup below the heading. */
  readonly content: Html;
  /** The entry of the navigation it belongs to. */
  readonly section?: Section | undefined;
  /** @default 200 */
  readonly status?: number | undefined;
  /** The script loads the page again from time to time. @default false */
  readonly refreshes?: boolean | undefined;
}

/** A file that the browser saves. */
export interface Download {
  /** Media type. */
  readonly type: string;
  /** Its name; characters other than letters, digits, `.`, `_` and `-` become `_`. */
  readonly fileName: string;
  readonly stream: Readable;
}

/** A stylesheet or script. */
export interface Asset {
  /** Media type. */
  readonly type: string;
  readonly text: string;
  /** Whether its URL changes when it does, so that it may be kept. */
  readonly isImmutable: boolean;
}
