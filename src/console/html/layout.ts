import { createRequire } from 'node:module';

import { assetLink } from '../assets/assets.js';
import { type Html, html } from './html.js';
import type { Page, Section } from './page.js';

/** What all pages of a console show. */
export interface Frame {
  /** Relative link to the overview, which ends with a slash. */
  readonly root: string;
  readonly environment: string | undefined;
  readonly database: string | undefined;
  readonly isReadOnly: boolean;
}

const SECTIONS: readonly (readonly [section: Section, link: string, label: string])[] = [
  ['overview', '', 'Overview'],
  ['loads', 'loads', 'Loads'],
  ['rejects', 'rejects', 'Rejected records'],
  ['schema', 'schema', 'Schema'],
];

const { version } = createRequire(import.meta.url)('harbor-storage/package.json') as { readonly version: string };

/** A whole document. */
export function layout(page: Page, { root, environment, database, isReadOnly }: Frame): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${page.title} · ${environment && html`${environment} · `}Storage</title>
<link rel="icon" href="${root}${assetLink('console.svg')}">
<link rel="stylesheet" href="${root}${assetLink('console.css')}">
<script src="${root}${assetLink('console.js')}" defer></script>
</head>
<body${page.refreshes && html` data-refresh="30"`}>
<a class="skip" href="#main">Skip to content</a>
<header>
<p class="brand"><a href="${root}">Storage</a>${environment && html` <span class="badge environment">${environment}</span>`}${
    isReadOnly && html` <span class="badge">read-only</span>`
  }</p>
<nav aria-label="Pages"><ul>${SECTIONS.map(
    ([section, link, label]) =>
      html`<li><a href="${root}${link}" ${section === page.section && html` aria-current="page"`}>${label}</a></li>`,
  )}</ul></nav>
</header>
<main id="main" tabindex="-1">
<h1>${page.title}</h1>
${page.content}
</main>
<footer><p>harbor-storage ${version}${database && html` · database <b>${database}</b>`} · all times are UTC</p></footer>
</body>
</html>
`;
}
