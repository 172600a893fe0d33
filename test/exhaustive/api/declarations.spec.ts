import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { examplesIn } from '../../../scripts/docs/examples.js';
import { type Declarations, emitDeclarations } from '../../support/declarations/emit-declarations.js';

const ROOT = join(import.meta.dirname, '../../..');
const NAME = 'test/support/declarations/typed-records.ts';
const ENTRIES = ['src/index.d.ts', 'src/testing/index.d.ts'];

describe('the declarations of the package, in an application with exactOptionalPropertyTypes', () => {
  const lines = readFileSync(join(ROOT, NAME), 'utf8').split('\n');
  const [example] = examplesIn(readFileSync(join(ROOT, 'README.md'), 'utf8'));
  const snakeCase = example?.source.replace("'harbor-storage'", "'../src/index.js'") ?? '';
  const camelCase = snakeCase.replaceAll(/^ +\w+(?=: )/gm, (name) =>
    name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  );
  let declarations: Declarations;
  beforeAll(() => {
    declarations = emitDeclarations(ENTRIES, {
      [NAME]: lines.join('\n').replaceAll('@ts-expect-error', ''),
      'test/snake-case.ts': snakeCase,
      'test/camel-case.ts': camelCase,
      'test/misspelt.ts': camelCase.replace('problemDescription', 'problemDescripton'),
    });
  });

  it('take right records, and name each mistake at its line', () => {
    const expected = lines.flatMap((text, index) => {
      const message = /@ts-expect-error: (".*")$/.exec(text)?.[1];
      return message === undefined ? [] : [{ line: index + 2, message: JSON.parse(message) as string }];
    });
    expect(expected.length).toBeGreaterThan(20);

    const findings = declarations.findingsIn(NAME);
    expect(findings.map(({ line }) => line)).toEqual(expected.map(({ line }) => line));
    for (const [index, { message }] of expected.entries()) {
      expect(findings[index]?.message).toContain(message);
    }
  });

  it('take the example of the README in both spellings, and no third', () => {
    expect([snakeCase, camelCase].map((each) => each.includes('problem_description'))).toEqual([true, false]);
    expect(declarations.findingsIn('test/snake-case.ts')).toEqual([]);
    expect(declarations.findingsIn('test/camel-case.ts')).toEqual([]);
    expect(declarations.findingsIn('test/misspelt.ts')).toMatchObject([
      { message: expect.stringContaining("'problemDescripton' does not exist in type 'HybridRecord'") },
    ]);
  });

  it('are valid', () => {
    expect(declarations.files).toEqual(expect.arrayContaining(ENTRIES));
    expect(declarations.files.flatMap((name) => declarations.findingsIn(name))).toEqual([]);
  });

  it.each(ENTRIES)('are without any in %s', (entry) => {
    const anys = exportsOf(declarations, entry).flatMap((symbol) =>
      namesIn(symbol).filter(({ kind }) => kind === ts.SyntaxKind.AnyKeyword),
    );
    expect(anys.map((node) => node.parent.getText())).toEqual([]);
  });

  it.each(ENTRIES)('name only what is exported in %s', (entry) => {
    const { checker, isOwn } = declarations;
    // What the main entry exports may be named in the other.
    const exported = new Set([entry, 'src/index.d.ts'].flatMap((each) => exportsOf(declarations, each)));
    const hidden = exportsOf(declarations, entry).flatMap((symbol) =>
      namesIn(symbol).flatMap((node) => {
        const found = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined;
        const named = found && resolved(declarations, found);
        const isTop = named?.declarations?.some((each) => ts.isSourceFile(each.parent) && isOwn(each));
        return named !== undefined && isTop === true && !exported.has(named) ? [`${symbol.name}: ${named.name}`] : [];
      }),
    );
    expect([...new Set(hidden)]).toEqual([]);
  });
});

function exportsOf(declarations: Declarations, entry: string): ts.Symbol[] {
  const module = declarations.checker.getSymbolAtLocation(declarations.fileOf(entry));
  const symbols = module === undefined ? [] : declarations.checker.getExportsOfModule(module);
  expect(symbols.length).toBeGreaterThan(0);
  return symbols.map((symbol) => resolved(declarations, symbol));
}

function resolved({ checker }: Declarations, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** What stands in the declarations of a symbol, but for private members, which have no type there. */
function namesIn({ declarations = [] }: ts.Symbol): ts.Node[] {
  const found: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    if (
      !ts.canHaveModifiers(node) ||
      !ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)
    ) {
      found.push(node);
      node.forEachChild(visit);
    }
  };
  declarations.forEach(visit);
  return found;
}
