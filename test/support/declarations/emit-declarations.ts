import { join, relative, resolve } from 'node:path';

import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '../../..');
const DIST = join(ROOT, 'dist');

/** What the compiler says of a line. */
interface Finding {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

/** The declarations of the package as an application sees them, and sources that use them. */
export interface Declarations {
  readonly checker: ts.TypeChecker;
  fileOf(name: string): ts.SourceFile;
  findingsIn(name: string): Finding[];
  isOwn(node: ts.Node): boolean;
  /** The declarations without the sources. */
  readonly files: readonly string[];
}

/**
 * Emits the declarations in memory.
 * @param entries - declaration files, by their paths in `dist`
 * @param sources - path in `dist` to text
 */
export function emitDeclarations(entries: readonly string[], sources: Readonly<Record<string, string>>): Declarations {
  const path = join(ROOT, 'tsconfig.json');
  const { config } = ts.readConfigFile(path, (name) => ts.sys.readFile(name));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const texts = new Map(Object.entries(sources).map(([name, text]) => [join(DIST, name), text]));
  ts.createProgram(
    entries.map((name) => join(ROOT, name.replace('.d.ts', '.ts'))),
    { ...options, incremental: false, emitDeclarationOnly: true },
  ).emit(undefined, (name, text) => texts.set(name, text), undefined, true);

  const applied: ts.CompilerOptions = {
    ...options,
    incremental: false,
    noEmit: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
  };
  // With it the compiler would look for the sources of the declarations.
  delete applied.outDir;
  const roots = [...entries, ...Object.keys(sources)].map((name) => join(DIST, name));
  const program = ts.createProgram(roots, applied, hostOver(texts, applied));
  const fileOf = (name: string): ts.SourceFile => program.getSourceFile(join(DIST, name)) as ts.SourceFile;
  return {
    checker: program.getTypeChecker(),
    fileOf,
    files: program
      .getSourceFiles()
      .filter(({ fileName, isDeclarationFile }) => isDeclarationFile && texts.has(fileName))
      .map(({ fileName }) => relative(DIST, fileName)),
    isOwn: (node) => texts.has(node.getSourceFile().fileName),
    findingsIn: (name) =>
      program.getSemanticDiagnostics(fileOf(name)).map(({ file, start = 0, messageText }) => ({
        line: (file?.getLineAndCharacterOfPosition(start).line ?? -1) + 1,
        message: ts.flattenDiagnosticMessageText(messageText, '\n'),
      })),
  };
}

/** A host whose folder `dist` holds these files alone. */
function hostOver(texts: ReadonlyMap<string, string>, options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const isInDist = (name: string): boolean => name.startsWith(`${DIST}/`);
  const read = (name: string): string | undefined => (isInDist(name) ? texts.get(name) : ts.sys.readFile(name));
  return {
    ...host,
    readFile: read,
    fileExists: (name) => (isInDist(name) ? texts.has(name) : ts.sys.fileExists(name)),
    directoryExists: (name) =>
      isInDist(name) ? [...texts.keys()].some((each) => each.startsWith(name)) : ts.sys.directoryExists(name),
    getSourceFile: (name, version) => {
      const text = read(name);
      return text === undefined ? undefined : ts.createSourceFile(name, text, version, true);
    },
  };
}
