import { readdirSync, readFileSync } from 'node:fs';

import { expect, it } from '@jest/globals';

const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

it('a bound of a statement is a parameter, also where it is a constant', () => {
  const inline = SOURCES.filter((file) => /\b(?:LIMIT|OFFSET|FOR)\s+\$\{/.test(readFileSync(`src/${file}`, 'utf8')));
  expect(SOURCES.length).toBeGreaterThan(100);
  expect(inline).toEqual([]);
});
