import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { countTypeScriptBlocks, examplesIn } from '../../../scripts/docs/examples.js';
import { stepsIn, withoutSteps } from '../../../scripts/docs/steps.js';
import { PART_NAMES, partNamesIn, withGeneratedParts } from '../../../scripts/docs/generated-parts.js';
import { brokenLinks, reachableFrom } from '../../../scripts/docs/links.js';
import { OTHER_PAGES, pages, ROOT } from '../../../scripts/docs/pages.js';

const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

describe('the documentation', () => {
  it.each(pages())('%s has its generated parts as they are; npm run docs:generate writes them', (page) => {
    expect(read(page)).toBe(withGeneratedParts(read(page)));
  });

  it('has every generated part on exactly one page', () => {
    expect(
      pages()
        .flatMap((page) => partNamesIn(read(page)))
        .sort(),
    ).toEqual([...PART_NAMES].sort());
  });

  it.each(pages())('%s has only code examples that npm run check:consumer compiles', (page) => {
    const others = withoutSteps(read(page));
    expect(examplesIn(others)).toHaveLength(countTypeScriptBlocks(others));
  });

  it('takes an empty folder to a tested application, in steps that npm run check:consumer does', () => {
    const paths = stepsIn(read('docs/start/getting-started.md')).flatMap((step) =>
      step.kind === 'file' ? [step.path] : [],
    );
    expect(paths).toEqual([
      'tsconfig.json',
      'src/product.entity.ts',
      'src/create-products.ts',
      'src/data-source.ts',
      'src/products.ts',
      'src/main.ts',
      'products.csv',
      'vitest.config.ts',
      'src/products.spec.ts',
      'jest.config.js',
    ]);
  });

  it('gives each example a name of its own', () => {
    const names = pages().flatMap((page) => examplesIn(read(page)).map(({ name }) => name));
    expect(names).toEqual([...new Set(names)]);
  });

  it('tells what a row gets that its record did not bring', () => {
    const page = read('docs/loading/records-and-validation.md');
    for (const word of ['pipeline_source', 'unified_pipeline', 'enrichment_version', 'v3.0.0', 'final_score']) {
      expect(page).toContain(`\`${word}\``);
    }
  });

  it('has no broken link', () => {
    expect(brokenLinks(ROOT, [...pages(), ...OTHER_PAGES])).toEqual([]);
  });

  it('is reached from the README, every page of it', () => {
    const reached = reachableFrom(ROOT, 'README.md');
    expect([...pages(), ...OTHER_PAGES].filter((page) => !reached.has(page))).toEqual([]);
  });

  it('begins with a README of at most 250 lines', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(250);
  });
});
